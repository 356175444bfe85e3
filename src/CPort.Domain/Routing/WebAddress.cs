using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace CPort.Domain.Routing;

/// <summary>Why a text is no web address. A closed set; <see cref="WebAddressFaults.Describe"/> words each without quoting the text.</summary>
public enum WebAddressFault
{
    Empty = 1,
    TooLong = 2,
    ControlCharacters = 3,

    /// <summary>No scheme, or one other than http, https and ftp.</summary>
    UnsupportedScheme = 4,
    NoHost = 5,
    InvalidHost = 6,
    InvalidPort = 7,
}

/// <summary>Words for <see cref="WebAddressFault"/>.</summary>
public static class WebAddressFaults
{
    /// <summary>A sentence for problem details; holds nothing of the URL.</summary>
    public static string Describe(this WebAddressFault fault) => fault switch
    {
        WebAddressFault.Empty => "The URL is empty.",
        WebAddressFault.TooLong => $"The URL is longer than {WebAddress.MaxLength} characters.",
        WebAddressFault.ControlCharacters => "The URL contains control characters.",
        WebAddressFault.UnsupportedScheme => "The URL must begin with http://, https:// or ftp://.",
        WebAddressFault.NoHost => "The URL has no host.",
        WebAddressFault.InvalidHost => "The URL's host is neither a possible domain name nor an IP address.",
        WebAddressFault.InvalidPort => "The URL's port is not a number from 0 to 65535.",
        _ => "The URL cannot be read.",
    };
}

/// <summary>
/// Our own reader, and not <see cref="Uri"/>: stored keyed hashes are made of the normal form, so that it may never change with a runtime or library. A URL as
/// a hotline reported it, read by the WHATWG URL rules (url.spec.whatwg.org) for http, https and ftp, and its normal form for finding the same occurrence again
/// (domain.md 9.4). Beyond WHATWG the normal form drops the fragment, user name and password and a host's trailing dot, and writes percent-escapes with
/// upper-case digits; the query's order stays. Stricter than WHATWG: control characters inside, empty labels, labels over 63 and names over 253 characters are
/// refused.
/// </summary>
public sealed class WebAddress
{
    /// <summary>Longest accepted text, in UTF-16 characters as received. A normal form can be longer: escapes grow it up to ninefold.</summary>
    public const int MaxLength = 4_096;

    /// <summary>Raised when the same text may get another normal form; stored beside keyed hashes, which then need a rebuild.</summary>
    public const int NormaliserVersion = 2;

    private WebAddress(string asReceived, string scheme, string host, IPAddress? literal, int? port, string pathAndQuery, bool hasCredentials)
    {
        AsReceived = asReceived;
        Scheme = scheme;
        Host = host;
        IpLiteral = literal;
        Port = port;
        HasCredentials = hasCredentials;
        Normalised = port is null ? $"{scheme}://{host}{pathAndQuery}" : string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}:{port}{pathAndQuery}");
    }

    /// <summary>The text exactly as given, credentials and all.</summary>
    public string AsReceived { get; }

    /// <summary>The normal form; parsing it again gives the same.</summary>
    public string Normalised { get; }

    /// <summary><c>http</c>, <c>https</c> or <c>ftp</c>.</summary>
    public string Scheme { get; }

    /// <summary>Lower-case punycode name, dotted IPv4, or IPv6 in brackets.</summary>
    public string Host { get; }

    /// <summary>The address when the host is one; an IPv4 address mapped into IPv6 is given as IPv4.</summary>
    public IPAddress? IpLiteral { get; }

    /// <summary>Null for the scheme's default port.</summary>
    public int? Port { get; }

    /// <summary>The text held a user name or password; they stand in <see cref="AsReceived"/> only.</summary>
    public bool HasCredentials { get; }

    /// <summary>Shows nothing of the URL, so that it cannot slip into a log.</summary>
    public override string ToString() => $"WebAddress({AsReceived.Length})";

    /// <summary>Reads; on false <paramref name="fault"/> says why. Never throws.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out WebAddress? address, out WebAddressFault fault) =>
        TryParse(text, MaxLength, out address, out fault);

    internal static bool TryParse(string? text, int maxLength, [NotNullWhen(true)] out WebAddress? address, out WebAddressFault fault)
    {
        fault = Read(text, maxLength, out address);
        return fault == 0;
    }

    /// <summary>Tabs and line breaks inside a URL are none of it (WHATWG's URL standard): mail programs put them there; no list or export should.</summary>
    public static string WithoutBreaks(string text) =>
        text.AsSpan().IndexOfAny('\t', '\n', '\r') < 0 ? text : string.Concat(text.Where(c => c is not ('\t' or '\n' or '\r')));

    private static WebAddressFault Read(string? text, int maxLength, out WebAddress? address)
    {
        address = null;
        if (text is null)
        {
            return WebAddressFault.Empty;
        }

        if (text.Length > maxLength)
        {
            return WebAddressFault.TooLong;
        }

        var input = WithoutBreaks(text.AsSpan().Trim(Blank).ToString());
        if (input.Length == 0)
        {
            return WebAddressFault.Empty;
        }

        if (input.Any(c => c is < ' ' or '\x7f'))
        {
            return WebAddressFault.ControlCharacters;
        }

        var colon = input.IndexOf(':', StringComparison.Ordinal);
        var scheme = colon < 0 ? "" : input[..colon].ToLowerInvariant();
        int? defaultPort = scheme switch { "http" => 80, "https" => 443, "ftp" => 21, _ => null };
        if (defaultPort is null)
        {
            return WebAddressFault.UnsupportedScheme;
        }

        // Special schemes take any number of slashes, either way round, even none.
        var rest = input.AsSpan(colon + 1).TrimStart(@"/\");
        var end = rest.IndexOfAny(@"/\?#");
        var authority = end < 0 ? rest : rest[..end];
        var tail = end < 0 ? default : rest[end..];

        var at = authority.LastIndexOf('@');
        var credentials = at < 0 ? default : authority[..at];
        var hostAndPort = authority[(at + 1)..];

        var closing = hostAndPort.StartsWith("[") ? hostAndPort.IndexOf(']') : -1;
        if (hostAndPort.StartsWith("[") && closing < 0)
        {
            return WebAddressFault.InvalidHost;
        }

        var portColon = hostAndPort[(closing + 1)..].IndexOf(':');
        var rawHost = portColon < 0 ? hostAndPort : hostAndPort[..(closing + 1 + portColon)];
        var rawPort = portColon < 0 ? default : hostAndPort[(closing + 1 + portColon + 1)..];
        if (rawHost.IsEmpty)
        {
            return WebAddressFault.NoHost;
        }

        if (!TryReadPort(rawPort, out var port))
        {
            return WebAddressFault.InvalidPort;
        }

        if (!TryReadHost(rawHost, out var host, out var literal))
        {
            return WebAddressFault.InvalidHost;
        }

        var fragment = tail.IndexOf('#');
        if (fragment >= 0)
        {
            tail = tail[..fragment];
        }

        var question = tail.IndexOf('?');
        var normal = new StringBuilder(tail.Length + 16);
        AppendPath(normal, question < 0 ? tail : tail[..question]);
        if (question >= 0)
        {
            normal.Append('?');
            AppendEncoded(normal, tail[(question + 1)..], QueryEscapes);
        }

        address = new WebAddress(text, scheme, host, literal, port == defaultPort ? null : port, normal.ToString(),
            !credentials.IsEmpty && !credentials.SequenceEqual(":"));
        return 0;
    }

    private static bool TryReadPort(ReadOnlySpan<char> text, out int? port)
    {
        port = null;
        if (text.IsEmpty)
        {
            return true;
        }

        var value = 0;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c) || (value = value * 10 + (c - '0')) > 65_535)
            {
                return false;
            }
        }

        port = value;
        return true;
    }

    private static bool TryReadHost(ReadOnlySpan<char> text, out string host, out IPAddress? literal)
    {
        literal = null;
        host = "";
        if (text[0] == '[')
        {
            // IPAddress would also take zones and a prefix length, hence the characters first.
            var inner = text[1..^1];
            if (text[^1] != ']' || inner.ContainsAnyExcept("0123456789abcdefABCDEF:.") || !IPAddress.TryParse(inner, out var v6)
                || v6.AddressFamily != System.Net.Sockets.AddressFamily.InterNetworkV6)
            {
                return false;
            }

            host = $"[{Write(v6)}]";
            literal = v6.IsIPv4MappedToIPv6 ? v6.MapToIPv4() : v6;
            return true;
        }

        if (!HostNames.TryNormalise(Unescape(text), out host))
        {
            return false;
        }

        switch (ReadIpv4(host, out var v4))
        {
            case Ipv4.None:
                return true;
            case Ipv4.Valid:
                literal = new IPAddress([(byte)(v4 >> 24), (byte)(v4 >> 16), (byte)(v4 >> 8), (byte)v4]);
                host = literal.ToString();
                return true;
            default:
                return false;
        }
    }

    private enum Ipv4
    {
        /// <summary>The last label is no number: a name.</summary>
        None,
        Valid,
        Invalid,
    }

    /// <summary>The WHATWG IPv4 parser: one to four parts, decimal, octal (leading 0) or hexadecimal (leading 0x), the last one filling what is left.</summary>
    private static Ipv4 ReadIpv4(string host, out uint value)
    {
        value = 0;
        var end = host[(host.LastIndexOf('.') + 1)..];
        if (!end.All(char.IsAsciiDigit) && ReadNumber(end) is null)
        {
            return Ipv4.None;
        }

        var parts = host.Split('.');
        if (parts.Length > 4)
        {
            return Ipv4.Invalid;
        }

        ulong result = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            var last = i == parts.Length - 1;
            var bits = last ? 8 * (4 - i) : 8;
            if (ReadNumber(parts[i]) is not { } number || number >= 1UL << bits)
            {
                return Ipv4.Invalid;
            }

            result = (result << bits) | number;
        }

        value = (uint)result;
        return Ipv4.Valid;
    }

    /// <summary>Null when it is no number; numbers beyond 2^40 all read as 2^40, which no address allows.</summary>
    private static ulong? ReadNumber(string part)
    {
        var (digits, radix) = part switch
        {
            "" => (null, 0),
            ['0', 'x', .. var rest] => (rest, 16u),
            ['0', _, ..] => (part[1..], 8u),
            _ => (part, 10u),
        };
        if (digits is null)
        {
            return null;
        }

        ulong value = 0;
        foreach (var c in digits)
        {
            if (!char.IsAsciiHexDigit(c) || (uint)HexValue(c) >= radix)
            {
                return null;
            }

            value = Math.Min((value * radix) + (uint)HexValue(c), 1UL << 40);
        }

        return value;
    }

    /// <summary>WHATWG's form: lower-case pieces, the first longest run of two or more zero pieces as <c>::</c>, no dotted IPv4 at the end.</summary>
    private static string Write(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        Span<ushort> pieces = stackalloc ushort[8];
        for (var i = 0; i < 8; i++)
        {
            pieces[i] = (ushort)((bytes[2 * i] << 8) | bytes[(2 * i) + 1]);
        }

        var (start, length) = (-1, 1);
        for (var i = 0; i < 8; i++)
        {
            var run = 0;
            while (i + run < 8 && pieces[i + run] == 0)
            {
                run++;
            }

            if (run > length)
            {
                (start, length) = (i, run);
            }
        }

        var text = new StringBuilder(39);
        for (var i = 0; i < 8; i++)
        {
            if (i == start)
            {
                text.Append(i == 0 ? "::" : ":");
                i += length - 1;
                continue;
            }

            text.Append(CultureInfo.InvariantCulture, $"{pieces[i]:x}");
            if (i < 7)
            {
                text.Append(':');
            }
        }

        return text.ToString();
    }

    private static void AppendPath(StringBuilder normal, ReadOnlySpan<char> path)
    {
        if (path.IsEmpty)
        {
            normal.Append('/');
            return;
        }

        // Positions in the builder where each kept segment's slash stands: ".." cuts back to the last of them.
        var starts = new Stack<int>();
        var rest = path[1..];
        while (true)
        {
            var slash = rest.IndexOfAny('/', '\\');
            var segment = slash < 0 ? rest : rest[..slash];
            var dots = Dots(segment);
            if (dots == 2 && starts.TryPop(out var start))
            {
                normal.Length = start;
            }

            if (dots == 0 || slash < 0)
            {
                starts.Push(normal.Length);
                normal.Append('/');
                if (dots == 0)
                {
                    AppendEncoded(normal, segment, PathEscapes);
                }
            }

            if (slash < 0)
            {
                return;
            }

            rest = rest[(slash + 1)..];
        }
    }

    /// <summary>1 for ".", 2 for "..", also in their escaped forms; 0 for every other segment.</summary>
    private static int Dots(ReadOnlySpan<char> segment)
    {
        var dots = 0;
        while (!segment.IsEmpty)
        {
            if (segment[0] == '.')
            {
                segment = segment[1..];
            }
            else if (segment.StartsWith("%2e", StringComparison.OrdinalIgnoreCase))
            {
                segment = segment[3..];
            }
            else
            {
                return 0;
            }

            if (++dots > 2)
            {
                return 0;
            }
        }

        return dots;
    }

    private static void AppendEncoded(StringBuilder normal, ReadOnlySpan<char> text, string escapes)
    {
        Span<byte> utf8 = stackalloc byte[4];
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '%' && i + 2 < text.Length && char.IsAsciiHexDigit(text[i + 1]) && char.IsAsciiHexDigit(text[i + 2]))
            {
                normal.Append('%').Append(char.ToUpperInvariant(text[i + 1])).Append(char.ToUpperInvariant(text[i + 2]));
                i += 2;
            }
            else if (c is > ' ' and < '\x7f' && !escapes.Contains(c, StringComparison.Ordinal))
            {
                normal.Append(c);
            }
            else
            {
                // A lone surrogate decodes to U+FFFD, as in browsers.
                Rune.DecodeFromUtf16(text[i..], out var rune, out var consumed);
                foreach (var b in utf8[..rune.EncodeToUtf8(utf8)])
                {
                    normal.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
                }

                i += consumed - 1;
            }
        }
    }

    private static string Unescape(ReadOnlySpan<char> text)
    {
        if (!text.Contains('%'))
        {
            return text.ToString();
        }

        var bytes = new List<byte>(text.Length);
        var utf8 = Encoding.UTF8.GetBytes(text.ToString());
        for (var i = 0; i < utf8.Length; i++)
        {
            if (utf8[i] == '%' && i + 2 < utf8.Length && char.IsAsciiHexDigit((char)utf8[i + 1]) && char.IsAsciiHexDigit((char)utf8[i + 2]))
            {
                bytes.Add((byte)((HexValue((char)utf8[i + 1]) << 4) | HexValue((char)utf8[i + 2])));
                i += 2;
            }
            else
            {
                bytes.Add(utf8[i]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static int HexValue(char c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

    /// <summary>C0 controls and space, which WHATWG trims.</summary>
    private static readonly string Blank = string.Concat(Enumerable.Range(0, 33).Select(i => (char)i));

    /// <summary>WHATWG's path percent-encode set, in its printable part.</summary>
    private const string PathEscapes = "\"#<>?^`{}";

    /// <summary>WHATWG's special-query percent-encode set, in its printable part.</summary>
    private const string QueryEscapes = "\"#<>'";
}
