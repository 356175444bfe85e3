using System.Collections.Frozen;
using System.Security.Cryptography;

namespace CPort.Domain.Routing;

/// <summary>
/// Our own, and not a library: stored keyed hashes are made of the result, so that it may never change with a package's list. Which part of a host name its
/// owner registered, by the public suffix algorithm (publicsuffix.org/list): the longest rule wins, exceptions before all, and <c>*</c> when no rule fits.
/// <see cref="BuiltIn"/> knows the second-level labels of most country domains; give the full list with <see cref="Load"/> where blogs and free hosting (each
/// customer a domain of its own) must be told apart.
/// </summary>
public sealed class PublicSuffixes
{
    private readonly FrozenDictionary<string, Rule> _rules;
    private readonly FrozenDictionary<string, Rule>.AlternateLookup<ReadOnlySpan<char>> _bySpan;

    private PublicSuffixes(Dictionary<string, Rule> rules)
    {
        _rules = rules.ToFrozenDictionary(StringComparer.Ordinal);
        _bySpan = _rules.GetAlternateLookup<ReadOnlySpan<char>>();
        var text = string.Join('\n', rules.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key} {(int)r.Value}"));
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 4));
    }

    [Flags]
    private enum Rule
    {
        Suffix = 1,
        Wildcard = 2,
        Exception = 4,
    }

    /// <summary>
    /// 8 hex digits that name the rules. Registrable domains, and so their keyed hashes, depend on them: the database records them at first start and refuses
    /// nodes with others.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>Number of rules.</summary>
    public int Count => _rules.Count;

    /// <summary>The compact list in the program.</summary>
    public static PublicSuffixes BuiltIn { get; } = FromCompact();

    /// <summary>
    /// Reads the full list (Debian: <c>/usr/share/publicsuffix/public_suffix_list.dat</c>). Throws <see cref="IOException"/> when the file cannot be read and
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

    private static PublicSuffixes FromCompact()
    {
        var rules = new Dictionary<string, Rule>(StringComparer.Ordinal);
        foreach (var group in Compact.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var colon = group.IndexOf(':', StringComparison.Ordinal);
            foreach (var top in group[..colon].Split(','))
            {
                foreach (var label in group[(colon + 1)..].Split(','))
                {
                    rules[$"{label}.{top}"] = Rule.Suffix;
                }
            }
        }

        foreach (var rule in CompactRules.Split(' '))
        {
            TryAdd(rules, rule);
        }

        return new PublicSuffixes(rules);
    }

    private const string CompactRules =
        "*.bd *.ck !www.ck *.er *.fk *.jm *.kh *.mm *.np *.pg *.sch.uk *.nom.br uk.com us.com eu.com de.com gb.net blogspot.com github.io";

    /// <summary>
    /// Top-level domains, colon, their second-level labels under which names are registered. Facts from the public suffix list that Debian 12 ships.
    /// </summary>
    private const string Compact =
        "ac,af,al,az,ba,bh,bm,bn,bs,bt,bz,co,cu,dm,dz,eg,et,ge,gr,gu,hk,iq,is,jo,kg,ki,kw,kz,la,lb,lr,lv,ly,mk,mo,ms,mv,my,ng,nr,ph,ps,pt,py,qa,sa,sb,sc,sd,sg,sl,so,ss,sy,to,tw,ua,vc,ws,ye:com,edu,gov,net,org " +
        "as,bf,cd,cx,ie,lt,mr,sx,tl:gov cw,fm,gp,ky,mt,uy,vu:com,edu,net,org bb,gy,lc,om,tm,tt:co,com,edu,gov,net,org " +
        "bo,gt,hn,mx,pe:com,edu,gob,net,org cn,gn,lk,pr,vn:ac,com,edu,gov,net,org ae,ir,ma,rw:ac,co,gov,net,org " +
        "ag,am,uz,vi:co,com,net,org ar,do,ec,pk:com,edu,gob,gov,net,org aw,hr,io,re:com ee,gh,gi,kp:com,edu,gov,org " +
        "bj,gl,st:co,com,edu,net,org in,mw,zm:ac,co,com,edu,gov,net,org ke,kr,tz:ac,co,go,ne,or ls,me,mz:ac,co,edu,gov,net,org " +
        "bw,hu:co,org cv,pf:com,edu,org cy,fj:ac,com,gov,net,org es,sv:com,edu,gob,org gg,je:co,net,org id,th:ac,co,go,net,or " +
        "sh,tn:com,gov,net,org ai:com,net,org ao:co at:ac,co,or au:asn,com,edu,gov,id,net,org be:ac bi:co,com,edu,or,org " +
        "br:art,blog,com,edu,gov,ind,jus,mil,net,org,tv,wiki by:com,gov ci:ac,co,com,edu,go,gouv,net,or,org cl:co,gob,gov " +
        "cm:co,com,gov,net cr:ac,co,go,or fr:com,gouv gd:edu,gov ht:com,edu,gouv,net,org il:ac,co,gov,idf,k12,muni,net,org " +
        "im:ac,co,com,net,org it:co,edu,go,gov,or jp:ac,ad,co,ed,go,gr,lg,ne,or km:com,edu,gouv,gov,org kn:edu,gov,net,org " +
        "mg:co,com,edu,gov,org ml:com,edu,gouv,gov,net,org mn:edu,gov,org mu:ac,co,com,gov,net,or,org na:co,com,or,org nf:com,net " +
        "ni:ac,co,com,edu,gob,net,org nz:ac,co,geek,gen,govt,iwi,maori,net,org,school pa:ac,com,edu,gob,net,org " +
        "pl:biz,com,edu,gov,info,net,org,waw pn:co,edu,gov,net,org pw:co,go,ne,or ro:com,org rs:ac,co,edu,gov,org se:ac,org " +
        "sn:com,edu,gouv,org sz:ac,co,org tj:ac,co,com,edu,go,gov,net,org tr:av,bel,com,edu,gen,gov,k12,net,org,pol,web " +
        "ug:ac,co,com,go,ne,or,org uk:ac,co,gov,ltd,me,net,nhs,org,plc,police us:co,ne,or ve:co,com,edu,gob,gov,net,org " +
        "za:ac,co,edu,gov,law,net,nom,org,web zw:ac,co,gov,org ";
}
