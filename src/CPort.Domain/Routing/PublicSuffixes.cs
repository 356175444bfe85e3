using System.Collections.Frozen;
using System.Security.Cryptography;

namespace CPort.Domain.Routing;

/// <summary>
/// Our own, and not a library: stored keyed hashes are made of the result, so that it must be said when it changes, as a package's list does not. Which part of
/// a host name its owner registered, by the public suffix algorithm (publicsuffix.org/list): the longest rule wins, exceptions before all, and <c>*</c> when no
/// rule fits. The full list ships with the program (<see cref="Shipped"/>); a file may take its place (<see cref="Load"/>).
/// </summary>
public sealed class PublicSuffixes
{
    private readonly FrozenDictionary<string, Rule> _rules;
    private readonly FrozenSet<string> _above;
    private readonly FrozenDictionary<string, Rule>.AlternateLookup<ReadOnlySpan<char>> _bySpan;

    private PublicSuffixes(Dictionary<string, Rule> rules)
    {
        _rules = rules.ToFrozenDictionary(StringComparer.Ordinal);
        _above = rules.Keys.SelectMany(Above).ToFrozenSet(StringComparer.Ordinal);
        _bySpan = _rules.GetAlternateLookup<ReadOnlySpan<char>>();
        var text = string.Join('\n', rules.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key} {(int)r.Value}"));
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 4));
    }

    /// <summary>All names that a name is below.</summary>
    private static IEnumerable<string> Above(string name)
    {
        for (var dot = name.IndexOf('.'); dot >= 0; dot = name.IndexOf('.', dot + 1))
        {
            yield return name[(dot + 1)..];
        }
    }

    [Flags]
    private enum Rule
    {
        Suffix = 1,
        Wildcard = 2,
        Exception = 4,
    }

    /// <summary>
    /// 8 hex digits that name the rules. Registrable domains, and so their keyed hashes, depend on them: it stands beside the keys and with each set of read
    /// tables, which are built anew for other rules.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>Number of rules.</summary>
    public int Count => _rules.Count;

    /// <summary>Reads the list in the program, of which Data/README.md tells the day and the licence.</summary>
    public static PublicSuffixes Shipped()
    {
        using var reader = new StreamReader(
            typeof(PublicSuffixes).Assembly.GetManifestResourceStream("CPort.Domain.public_suffix_list.dat")!, Encoding.UTF8);
        return Parse(reader, "The public suffix list in the program");
    }

    /// <summary>
    /// Reads another list (Debian: <c>/usr/share/publicsuffix/public_suffix_list.dat</c>). Throws <see cref="IOException"/> when the file cannot be read and
    /// <see cref="FormatException"/>, with the line number, when it is no such list. Private-section rules count unless left out.
    /// </summary>
    public static PublicSuffixes Load(string path, bool includePrivate = true)
    {
        using var reader = new StreamReader(path, Encoding.UTF8);
        return Parse(reader, path, includePrivate);
    }

    /// <summary>As <see cref="Load"/>, from any text; <paramref name="name"/> is for messages.</summary>
    public static PublicSuffixes Parse(TextReader reader, string name, bool includePrivate = true)
    {
        var rules = new Dictionary<string, Rule>(StringComparer.Ordinal);
        var number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (line.StartsWith("// ===BEGIN PRIVATE DOMAINS===", StringComparison.Ordinal) && !includePrivate)
            {
                break;
            }

            // A rule ends at the first white space; the rest of the line is comment.
            var end = line.AsSpan().IndexOfAny(' ', '\t');
            var rule = end < 0 ? line : line[..end];
            if (rule.Length > 0 && !rule.StartsWith("//", StringComparison.Ordinal) && !TryAdd(rules, rule))
            {
                throw new FormatException($"{name}, line {number}: not a public suffix rule.");
            }
        }

        return rules.Count > 0 ? new PublicSuffixes(rules) : throw new FormatException($"{name} holds no public suffix rules.");
    }

    /// <summary>
    /// As <see cref="RegistrableDomain(string)"/>, and null too for a name all of whose subdomains are public suffixes (<c>*.</c>): by the letter of the
    /// algorithm somebody may have registered it, and whoever blocked it would block all that is below.
    /// </summary>
    public string? ListableDomain(string host) => _rules.TryGetValue(host, out var rule) && rule.HasFlag(Rule.Wildcard) ? null : RegistrableDomain(host);

    /// <summary>Whether a rule of the list, and not only the one that fits everything, says where the name's public suffix ends.</summary>
    public bool Names(string host) => Above(host).Prepend(host).Any(_rules.ContainsKey);

    /// <summary>Whether public suffixes are below the name: it is a provider's, and what is below are its customers'.</summary>
    public bool HasSuffixesBelow(string name) => _above.Contains(name);

    /// <summary>What a URL's owner registered; the host itself when it is an IP address or a public suffix.</summary>
    public string RegistrableDomain(WebAddress address) => address.IpLiteral is null ? RegistrableDomain(address.Host) ?? address.Host : address.Host;

    /// <summary>
    /// The registrable domain of a normal host name (lower case, punycode, no trailing dot), or null when the name is itself a public suffix.
    /// </summary>
    public string? RegistrableDomain(string host)
    {
        var suffixLabels = 1; // the rule "*" when none fits
        var start = 0;
        var labels = host.AsSpan().Count('.') + 1;
        for (var left = labels; left > 0; left--)
        {
            // Longest name first: the first rule that fits is the prevailing one, but for wildcards, which stand one label lower.
            if (_bySpan.TryGetValue(host.AsSpan(start), out var rule))
            {
                if (rule.HasFlag(Rule.Exception))
                {
                    suffixLabels = left - 1;
                    break;
                }

                if (rule.HasFlag(Rule.Wildcard) && left < labels)
                {
                    suffixLabels = left + 1;

                    // An exception to this wildcard would have been met one step earlier.
                    break;
                }

                if (rule.HasFlag(Rule.Suffix))
                {
                    suffixLabels = left;
                    break;
                }
            }

            start = host.IndexOf('.', start) + 1;
        }

        if (labels <= suffixLabels)
        {
            return null;
        }

        var cut = host.Length;
        for (var i = 0; i <= suffixLabels; i++)
        {
            cut = host.LastIndexOf('.', cut - 1);
            if (cut < 0)
            {
                return host;
            }
        }

        return host[(cut + 1)..];
    }

    private static bool TryAdd(Dictionary<string, Rule> rules, string rule)
    {
        var (kind, name) = rule switch
        {
            ['!', .. var rest] => (Rule.Exception, rest),
            ['*', '.', .. var rest] => (Rule.Wildcard, rest),
            _ => (Rule.Suffix, rule),
        };
        if (!HostNames.TryNormalise(name, out var host))
        {
            return rule == "*"; // the default rule, built in
        }

        rules[host] = rules.GetValueOrDefault(host) | kind;
        return true;
    }
}
