using System.Reflection;

namespace CPort.Node.Options;

/// <summary>
/// Reads <see cref="NodeOptions"/> from <c>appsettings.json</c> beside the program, then in the working directory, then <c>--config</c>, then the environment
/// (<c>CPORT__Database__Provider</c>), then the command line; later ones win.
/// </summary>
public static class NodeConfiguration
{
    /// <summary>Lists, which may also be one value with commas: <c>CPORT__Cluster__Seeds=a:1,b:1</c>.</summary>
    private static readonly string[] Lists =
    [
        "Cluster:Seeds", "Cluster:Roles", "Policy:RulesOff", "Portal:WithoutCodes", "Portal:Breaks", "Iccam:Urls", "Audit:Witnesses",
    ];

    private const StringComparison Ignoring = StringComparison.OrdinalIgnoreCase;
    private const BindingFlags AnyCase = BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase;

    /// <summary>Of ASP.NET's own settings file, which is none of ours.</summary>
    private static readonly string[] NotOurs = ["Logging", "AllowedHosts"];

    /// <summary>
    /// Reads and validates all sources. <paramref name="commandLine"/> holds keys as <c>Database:Provider</c>. Throws <see cref="NodeConfigurationException"/>
    /// with one line for every problem.
    /// </summary>
    public static NodeOptions Load(string? configFile = null, IReadOnlyDictionary<string, string?>? commandLine = null)
    {
        if (configFile is not null && !File.Exists(configFile))
        {
            throw new NodeConfigurationException([$"--config: the file {configFile} does not exist."]);
        }

        var builder = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "appsettings.json"), optional: true)
            .AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true);
        if (configFile is not null)
        {
            builder.AddJsonFile(Path.GetFullPath(configFile));
        }

        builder.AddEnvironmentVariables("CPORT__").AddInMemoryCollection(commandLine ?? new Dictionary<string, string?>());
        try
        {
            return From(builder.Build());
        }
        catch (InvalidDataException e)
        {
            throw new NodeConfigurationException([$"Configuration file: {(e.InnerException ?? e).Message}"]);
        }
    }

    /// <summary>As <see cref="Load"/>, from a configuration at hand. Bound setting by setting, so that all wrong ones are told at once.</summary>
    public static NodeOptions From(IConfiguration configuration)
    {
        var options = new NodeOptions();
        var problems = new List<string>();
        var settings = configuration.AsEnumerable().Where(s => s.Value is not null)
            .Where(s => !NotOurs.Contains(s.Key.Split(':')[0]))
            .Where(s => !Lists.Any(l => s.Key.StartsWith(l + ':', Ignoring) && configuration[l] is not null))
            .OrderBy(s => s.Key, ConfigurationKeyComparer.Instance);
        foreach (var (path, value) in settings.SelectMany(Split))
        {
            try
            {
                new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(path, value)]).Build()
                    .Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
            }
            catch (InvalidOperationException)
            {
                // Not the binder's own words: they quote the value, which may be a secret in the wrong place.
                problems.Add(WhatIsWrong(path.Split(':')));
            }
        }

        problems.AddRange(options.Validate());
        return problems.Count == 0 ? options : throw new NodeConfigurationException([.. problems.Distinct()]);
    }

    internal static bool IsSection(Type type) => type.IsClass && type.Namespace == typeof(NodeOptions).Namespace;

    internal static string Needed(Type type) =>
        type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))} is needed."
        : $"a value of type {(Nullable.GetUnderlyingType(type) ?? type).Name} is needed.";

    private static IEnumerable<KeyValuePair<string, string?>> Split(KeyValuePair<string, string?> setting) =>
        Lists.Contains(setting.Key, StringComparer.OrdinalIgnoreCase)
            ? setting.Value!.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select((v, n) => KeyValuePair.Create($"{setting.Key}:{n}", (string?)v))
            : [setting];

    private static string WhatIsWrong(string[] path)
    {
        var type = typeof(NodeOptions);
        for (var n = 0; n < path.Length && IsSection(type); n++)
        {
            if (type.GetProperty(path[n], AnyCase) is not { CanWrite: true } property)
            {
                var known = type.GetProperties().Where(p => p.CanWrite).Select(p => p.Name);
                return $"{Key(path[..(n + 1)])}: unknown setting; known are {string.Join(", ", known)}.";
            }

            type = property.PropertyType;
        }

        return $"{Key(path)}: {Needed(type)}";
    }

    private static string Key(IEnumerable<string> path) => "CPORT__" + string.Join("__", path);
}

/// <summary>The configuration is wrong; <see cref="Problems"/> says each thing in a line that names its key.</summary>
public sealed class NodeConfigurationException(IReadOnlyList<string> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    public IReadOnlyList<string> Problems { get; } = problems;
}
