using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using CPort.Domain.Access;
using CPort.Domain.CodeLists;
using CPort.Domain.Hashes;
using CPort.Domain.Identity;
using ProtoBuf;

namespace CPort.Actors.Tests.Serialization;

/// <summary>
/// Makes wire messages with every field filled, the same ones at each run, by reflection: a new message type or field is tested without a word
/// of test code. Values are never a type's default, so that a lost field shows.
/// </summary>
internal sealed class SampleValues
{
    private const int MaxDepth = 8;
    private int _count;

    public object Make(Type type) => Make(type, 0) ?? throw new InvalidOperationException($"No sample of {type} is deep enough.");

    /// <summary>What a message holds, line by line, for comparison and for golden files.</summary>
    public static string Describe(object value)
    {
        var text = new StringBuilder();
        Describe(text, "", value);
        return text.ToString();
    }

    /// <summary>The paths of fields that are null, zero or empty: what a sample must not have.</summary>
    public static IReadOnlyList<string> Empty(object message) =>
        [.. Members(message.GetType()).Where(m => m.GetValue(message) is var v && (v is null || v.Equals(DefaultOf(m.PropertyType)) || IsEmptyList(v)))
            .Select(m => m.Name)];

    private object? Make(Type type, int depth)
    {
        _count++;
        if (Nullable.GetUnderlyingType(type) is { } inner)
        {
            return Make(inner, depth);
        }

        if (type.IsEnum)
        {
            var values = Enum.GetValues(type).Cast<object>().Where(v => Convert.ToInt64(v) != 0).ToArray();
            return values[_count % values.Length];
        }

        if (Simple(type) is { } simple)
        {
            return simple;
        }

        if (depth > MaxDepth)
        {
            return null;
        }

        if (type.IsArray)
        {
            return List(type.GetElementType()!, depth);
        }

        if (type.IsGenericType)
        {
            var arguments = type.GetGenericArguments();
            if (arguments.Length == 1)
            {
                var list = List(arguments[0], depth);
                return typeof(SampleValues).GetMethod(nameof(Immutable), BindingFlags.Static | BindingFlags.NonPublic)!
                    .MakeGenericMethod(type.GetGenericTypeDefinition() == typeof(ImmutableArray<>) ? arguments[0] : throw Unsupported(type))
                        .Invoke(null, [list]);
            }

            if (type.GetGenericTypeDefinition() == typeof(ImmutableDictionary<,>))
            {
                return typeof(SampleValues).GetMethod(nameof(Dictionary), BindingFlags.Static | BindingFlags.NonPublic)!
                    .MakeGenericMethod(arguments).Invoke(null, [Make(arguments[0], depth + 1), Make(arguments[1], depth + 1)]);
            }

            throw Unsupported(type);
        }

        if (type.IsAbstract)
        {
            var kinds = type.GetCustomAttributes<ProtoIncludeAttribute>().Select(i => i.KnownType).ToArray();
            return kinds.Length == 0 ? throw Unsupported(type) : Make(kinds[_count % kinds.Length], depth);
        }

        if (type.GetCustomAttribute<ProtoContractAttribute>() is null)
        {
            throw Unsupported(type);
        }

        var message = System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type);
        if (type.GetConstructor(Type.EmptyTypes) is { } constructor)
        {
            message = constructor.Invoke(null);
        }

        foreach (var member in Members(type))
        {
            member.SetValue(message, Make(member.PropertyType, depth + 1));
        }

        return message;
    }

    private object? Simple(Type type) => type switch
    {
        _ when type == typeof(string) => $"text {_count}",
        _ when type == typeof(bool) => true,
        _ when type == typeof(int) => 1000 + _count,
        _ when type == typeof(uint) => (uint)(2000 + _count),
        _ when type == typeof(short) => (short)(300 + _count),
        _ when type == typeof(byte) => (byte)(1 + (_count % 250)),
        _ when type == typeof(long) => 4_000_000_000L + _count,
        _ when type == typeof(ulong) => 5_000_000_000UL + (ulong)_count,
        _ when type == typeof(float) => 0.5f + _count,
        _ when type == typeof(double) => 0.25 + _count,
        _ when type == typeof(decimal) => 1.5m + _count,
        _ when type == typeof(Guid) => new Guid(_count, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
        _ when type == typeof(DateTimeOffset) => new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddSeconds(_count),
        _ when type == typeof(PersonId) => PersonId.Parse($"p-{_count:0000000000000000}"),
        _ when type == typeof(DateOnly) => new DateOnly(2026, 1, 2).AddDays(_count),
        _ when type == typeof(TimeSpan) => TimeSpan.FromSeconds(_count),
        _ when type == typeof(byte[]) => new byte[] { 1, 2, (byte)_count },
        _ when type == typeof(ReportId) => new ReportId(new UInt128(77, (ulong)_count)),
        _ when type == typeof(ReferralKey) => new ReferralKey(new UInt128(79, (ulong)_count)),
        _ when type == typeof(IwolKey) => new IwolKey(new UInt128(81, (ulong)_count)),
        _ when type == typeof(PackageKey) => new PackageKey(new UInt128(82, (ulong)_count)),
        _ when type == typeof(ReferralRef) => new ReferralRef(new ReferralKey(new UInt128(80, (ulong)_count)), _count),
        _ when type == typeof(ItemRef) => new ItemRef(new ReportId(new UInt128(78, (ulong)_count)), _count),
        _ when type == typeof(Country) => Country.Parse(_count % 2 == 0 ? "NL" : "GB"),
        _ when type == typeof(AgencyId) => AgencyId.Parse($"agency-{_count}"),
        _ when type == typeof(CommandId) => CommandId.Parse($"command-{_count}"),
        _ when type == typeof(HotlineReference) => HotlineReference.Parse($"reference {_count}"),
        _ when type == typeof(HashBucketId) => new HashBucketId((Tenant)(_count % 2), HashBucketKind.Exact, 1 + (_count % 63)),
        _ when type == typeof(ContentHash) => ContentHash.FromBytes(HashAlgorithm.Sha1, [.. Enumerable.Range(1, 20).Select(i => (byte)(i + _count))]),
        _ => null,
    };

    private Array List(Type element, int depth)
    {
        var items = Enumerable.Range(0, 2).Select(_ => Make(element, depth + 1)).Where(i => i is not null).ToArray();
        var array = Array.CreateInstance(element, items.Length);
        items.CopyTo(array, 0);
        return array;
    }

    private static ImmutableArray<T> Immutable<T>(T[] items) => [.. items];

    private static ImmutableDictionary<TKey, TValue> Dictionary<TKey, TValue>(TKey key, TValue value)
        where TKey : notnull => ImmutableDictionary<TKey, TValue>.Empty.Add(key, value);

    private static IEnumerable<PropertyInfo> Members(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
            .Where(p => p.GetCustomAttribute<ProtoMemberAttribute>() is not null && p.CanWrite)
            .OrderBy(p => p.GetCustomAttribute<ProtoMemberAttribute>()!.Tag);

    private static object? DefaultOf(Type type) => type.IsValueType ? Activator.CreateInstance(type) : null;

    private static bool IsEmptyList(object value) => value is IEnumerable list and not string && !list.GetEnumerator().MoveNext();

    private static void Describe(StringBuilder text, string path, object? value)
    {
        switch (value)
        {
            case null:
                text.Append(path).Append(": null\n");
                break;
            case byte[] bytes:
                text.Append(path).Append(": ").Append(Convert.ToHexStringLower(bytes)).Append('\n');
                break;
            case ContentHash hash:
                text.Append(path).Append(": ").Append(hash.Algorithm).Append(' ').Append(hash.ToHex()).Append('\n');
                break;
            case DateTimeOffset instant:
                text.Append(path).Append(": ").Append(instant.ToString("O", null)).Append('\n');
                break;
            case IEnumerable list and not string:
                var i = 0;
                foreach (var item in list)
                {
                    Describe(text, $"{path}[{i++}]", item);
                }

                break;
            case var _ when value.GetType().GetCustomAttribute<ProtoContractAttribute>() is not null && !value.GetType().IsEnum:
                text.Append(path).Append(path.Length == 0 ? "" : ": ").Append(value.GetType().Name).Append('\n');
                foreach (var member in Members(value.GetType()))
                {
                    Describe(text, $"{path}.{member.Name}", member.GetValue(value));
                }

                break;
            default:
                text.Append(path).Append(": ").Append(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)).Append('\n');
                break;
        }
    }

    private static InvalidOperationException Unsupported(Type type) =>
        new($"SampleValues knows no value of {type}: use ImmutableArray for lists, or add the type here and its surrogate to WireModel.");
}
