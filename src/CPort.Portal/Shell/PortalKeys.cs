using CPort.Domain.People;

namespace CPort.Portal.Shell;

/// <summary>A key that presses a button, or moves in a list.</summary>
/// <param name="Name">Of what it does; its text is <c>keys.{Name}</c>.</param>
/// <param name="Default">The key unless the person has chosen another.</param>
public sealed record PortalKey(string Name, string Default);

/// <summary>
/// The keys that a person may choose (rule R9). Pages print the default ones; where a person has chosen others the script prints and takes those, so that a
/// page names a key once. Fixed are digits, Enter, Escape, Backspace, and <c>g</c> before a letter.
/// </summary>
public static class PortalKeys
{
    public const char Go = 'g';

    public static ImmutableArray<PortalKey> All { get; } =
    [
        new("help", "?"), new("goto", "/"), new("down", "j"), new("up", "k"), new("choose", "x"), new("next", "n"), new("claim", "c"), new("reveal", "r"),
        new("save", "s"), new("act", "e"), new("pass", "v"), new("news", "."), new("purpose", "p"),
    ];

    /// <summary>The person's key for it.</summary>
    public static string Of(string? map, string name) => Chosen(map).GetValueOrDefault(name) ?? All.First(k => k.Name == name).Default;

    /// <summary>What the script is told: pairs of the chosen and the default key; null: all are the default ones.</summary>
    public static string? Script(string? map) => Chosen(map) is { Count: > 0 } chosen
        ? string.Join(' ', All.Where(k => chosen.ContainsKey(k.Name)).Select(k => $"{chosen[k.Name]}{k.Default}")) : null;

    /// <summary>The map of what was chosen; <paramref name="wrong"/>: the key that cannot be, or stands twice.</summary>
    public static string? Map(IReadOnlyDictionary<string, string?> chosen, out PortalKey? wrong)
    {
        wrong = null;
        var keys = All.Select(k => (Key: k, To: chosen.GetValueOrDefault(k.Name)?.ToLowerInvariant() is { Length: > 0 } to ? to : k.Default)).ToArray();
        foreach (var (key, to) in keys)
        {
            if (!PeopleRules.IsKeyMap($"{key.Name}={to}") || to[0] == Go || keys.Count(k => k.To == to) > 1)
            {
                wrong = key;
                return null;
            }
        }

        return keys.Where(k => k.To != k.Key.Default).Select(k => $"{k.Key.Name}={k.To}").ToArray() is { Length: > 0 } own ? string.Join(' ', own) : null;
    }

    private static Dictionary<string, string> Chosen(string? map) => map is null ? [] : map.Split(' ').Select(e => e.Split('=', 2))
        .Where(e => All.Any(k => k.Name == e[0])).ToDictionary(e => e[0], e => e[1]);
}
