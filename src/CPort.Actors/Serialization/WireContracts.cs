using System.Collections.Frozen;
using System.Reflection;
using System.Runtime.Serialization;
using System.Text;

namespace CPort.Actors.Serialization;

/// <summary>
/// All wire types of the domain and the actors by manifest, found once by reflection, and their written-down form <c>contracts.txt</c>, which a test compares
/// with the code so that no field number or manifest changes unseen.
/// </summary>
public static class WireContracts
{
    private static readonly FrozenDictionary<string, Type> ByManifest = FindByManifest(
        [.. typeof(IWireMessage).Assembly.GetTypes(), .. typeof(WireContracts).Assembly.GetTypes()]);
    private static readonly FrozenDictionary<Type, string> ByType = ByManifest.ToFrozenDictionary(p => p.Value, p => p.Key);

    /// <summary>Every wire type, ordered by manifest.</summary>
    public static IReadOnlyList<(string Manifest, Type Type)> All { get; } =
        [.. ByManifest.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => (p.Key, p.Value))];

    public static string ManifestOf(Type type) =>
        ByType.TryGetValue(type, out var manifest)
            ? manifest
            : throw new SerializationException($"{type.Name} is no wire type of CPort: it needs IWireMessage, [ProtoContract] and [Manifest].");

    public static Type TypeOf(string manifest) =>
        ByManifest.TryGetValue(manifest, out var type)
            ? type
            : throw new SerializationException($"Unknown manifest '{manifest}': written by a newer CPort, or by something else.");

    /// <summary>
    /// Builds the manifest table; throws <see cref="InvalidOperationException"/> on a manifest used twice or malformed, and on a concrete
    /// <see cref="IWireMessage"/> without manifest or contract. Called when the serializer starts, so that a slip stops the node at once.
    /// </summary>
    internal static FrozenDictionary<string, Type> FindByManifest(IEnumerable<Type> types)
    {
        var found = new Dictionary<string, Type>();
        foreach (var type in types.Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IWireMessage))))
        {
            var manifest = type.GetCustomAttribute<ManifestAttribute>()?.Manifest
                ?? throw new InvalidOperationException($"{type.FullName} is an IWireMessage without [Manifest].");
            if (manifest.Length is < 2 or > 8 || manifest.Any(c => c is not (>= 'a' and <= 'z' or >= '0' and <= '9')))
            {
                throw new InvalidOperationException($"{type.FullName}: manifest '{manifest}' is not 2 to 8 lower-case letters and digits.");
            }

            if (type.GetCustomAttribute<ProtoContractAttribute>() is null)
            {
                throw new InvalidOperationException($"{type.FullName} is an IWireMessage without [ProtoContract].");
            }

            if (!found.TryAdd(manifest, type))
            {
                throw new InvalidOperationException($"Manifest '{manifest}' is used by {found[manifest].FullName} and {type.FullName}.");
            }
        }

        return found.ToFrozenDictionary();
    }

    /// <summary>The text of <c>contracts.txt</c>: every manifest, message, nested contract and enum with numbers, names and types.</summary>
    public static string Describe()
    {
        var text = new StringBuilder();
        text.Append("# Wire contracts of CPort: what journals and other nodes hold. Never reuse a manifest or a field number, never change a type.\n");
        text.Append("# Written by the contract test: CPORT_UPDATE_CONTRACTS=1 dotnet test tests/CPort.Actors.Tests --filter WireContract\n");
        text.Append(CultureInfo.InvariantCulture, $"# Serializer {WireSerializer.SerializerId}.\n");
        var nested = new SortedDictionary<string, Type>(StringComparer.Ordinal);
        foreach (var (manifest, type) in All)
        {
            DescribeType(text, $"{manifest} {Name(type)}", type, nested);
        }

        var parts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var done = new HashSet<Type>(All.Select(a => a.Type));
        while (nested.FirstOrDefault(n => !done.Contains(n.Value)) is { Value: { } next })
        {
            done.Add(next);
            var part = new StringBuilder();
            DescribeType(part, $"part {Name(next)}", next, nested);
            parts[Name(next)] = part.ToString();
        }

        foreach (var part in parts.Values)
        {
            text.Append(part);
        }

        return text.ToString();
    }

    private static void DescribeType(StringBuilder text, string title, Type type, SortedDictionary<string, Type> nested)
    {
        text.Append('\n').Append(title).Append('\n');
        if (type.IsEnum)
        {
            foreach (var value in Enum.GetValues(type))
            {
                text.Append(CultureInfo.InvariantCulture, $"  {Convert.ToInt64(value, CultureInfo.InvariantCulture)} {value}\n");
            }

            return;
        }

        var meta = WireModel.Instance[type];
        foreach (var sub in meta.GetSubtypes().OrderBy(s => s.FieldNumber))
        {
            text.Append(CultureInfo.InvariantCulture, $"  {sub.FieldNumber} is {Name(sub.DerivedType.Type)}\n");
            nested.TryAdd(Name(sub.DerivedType.Type), sub.DerivedType.Type);
        }

        foreach (var field in meta.GetFields().OrderBy(f => f.FieldNumber))
        {
            var format = field.DataFormat == DataFormat.Default ? "" : $" {field.DataFormat}";
            text.Append(CultureInfo.InvariantCulture, $"  {field.FieldNumber} {field.Name}: {Name(field.MemberType)}{format}\n");
            foreach (var part in Parts(field.MemberType))
            {
                nested.TryAdd(Name(part), part);
            }
        }
    }

    /// <summary>The contracts and enums that a member's type is made of.</summary>
    private static IEnumerable<Type> Parts(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return Parts(inner);
        }

        if (type.IsArray)
        {
            return Parts(type.GetElementType()!);
        }

        if (type.IsGenericType)
        {
            return type.GetGenericArguments().SelectMany(Parts);
        }

        return type.IsEnum || type.GetCustomAttribute<ProtoContractAttribute>() is not null ? [type] : [];
    }

    private static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return Name(inner) + "?";
        }

        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        var name = type.IsNested ? $"{type.DeclaringType!.Name}.{type.Name}" : type.Name;
        return type.IsGenericType
            ? $"{name[..name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
