namespace CPort.Domain.Routing;

/// <summary>
/// Our own, and not <see cref="IdnMapping"/>: stored keyed hashes are made of the result, so that it may never change with the runtime or the machine's ICU.
/// Host names in their one normal form: lower case, punycode (RFC 3492), no trailing dot.
/// </summary>
public static class HostNames
{
    /// <summary>
    /// Brings a name into normal form; false when it cannot be a DNS name: empty labels, over 63 characters a label or 253 in all, or characters that WHATWG
    /// forbids in hosts. Underscores and the like pass, as they do in browsers. An IPv4 address passes as it is.
    /// </summary>
    public static bool TryNormalise(string? text, out string host)
    {
        host = "";
        if (string.IsNullOrEmpty(text) || text.Length > 1_024)
        {
            return false;
        }

        var mapped = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case 0x00AD or 0x200B or 0x2060 or 0xFEFF or (>= 0xFE00 and <= 0xFE0F):
                    continue; // UTS 46: ignored
                case 0x3002 or 0xFF0E or 0xFF61:
                    mapped.Append('.');
                    continue;
                case >= 0xFF01 and <= 0xFF5E:
                    mapped.Append(char.ToLowerInvariant((char)(rune.Value - 0xFEE0)));
                    continue;
                case 0x212A:
                    mapped.Append('k'); // Kelvin sign, which invariant lower-casing leaves alone
                    continue;
                case 0xFFFD:
                    return false;
            }

            if (rune.IsAscii ? Forbidden.Contains((char)rune.Value, StringComparison.Ordinal) || rune.Value is <= ' ' or 0x7f : !MayStand(rune))
            {
                return false;
            }

            mapped.Append(Rune.ToLowerInvariant(rune).ToString());
        }

        if (mapped.Length > 0 && mapped[^1] == '.')
        {
            mapped.Length--;
        }

        var labels = mapped.ToString().Split('.');
        for (var i = 0; i < labels.Length; i++)
        {
            // Full-width characters may have mapped onto forbidden ones.
            if (labels[i].Any(c => c < 0x80 && (c <= ' ' || c == 0x7f || Forbidden.Contains(c, StringComparison.Ordinal)))
                || !TryToAscii(labels[i], out var ascii)
                || ascii.Length is 0 or > 63)
            {
                return false;
            }

            labels[i] = ascii;
        }

        host = string.Join('.', labels);
        if (host.Length <= 253)
        {
            return true;
        }

        host = "";
        return false;
    }

    private const string Forbidden = "#/:<>?@[\\]^|%";

    private static bool MayStand(Rune rune) => rune.Value is 0x200C or 0x200D // joiners are part of some scripts' words
        || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    /// <summary>Punycode of RFC 3492, section 6.3, for labels that need it.</summary>
    private static bool TryToAscii(string label, out string ascii)
    {
        ascii = label;
        if (Ascii.IsValid(label))
        {
            return true;
        }

        if (label.StartsWith("xn--", StringComparison.Ordinal))
        {
            return false;
        }

        var runes = label.EnumerateRunes().Select(r => r.Value).ToArray();
        if (runes.Length > 63)
        {
            return false;
        }

        var output = new StringBuilder("xn--");
        foreach (var c in runes.Where(c => c < 0x80))
        {
            output.Append((char)c);
        }

        var basic = output.Length - 4;
        var handled = basic;
        if (basic > 0)
        {
            output.Append('-');
        }

        int n = 128, delta = 0, bias = 72;
        while (handled < runes.Length)
        {
            var next = runes.Where(c => c >= n).Min();
            delta += (next - n) * (handled + 1); // at most 0x10FFFF * 64: no overflow
            n = next;
            foreach (var c in runes)
            {
                if (c < n)
                {
                    delta++;
                }
                else if (c == n)
                {
                    var q = delta;
                    for (var k = 36; ; k += 36)
                    {
                        var t = Math.Clamp(k - bias, 1, 26);
                        if (q < t)
                        {
                            break;
                        }

                        output.Append(Digit(t + ((q - t) % (36 - t))));
                        q = (q - t) / (36 - t);
                    }

                    output.Append(Digit(q));
                    bias = Adapt(delta, handled + 1, handled == basic);
                    delta = 0;
                    handled++;
                }
            }

            delta++;
            n++;
        }

        ascii = output.ToString();
        return true;
    }

    private static char Digit(int value) => (char)(value < 26 ? 'a' + value : '0' + value - 26);

    private static int Adapt(int delta, int points, bool first)
    {
        delta /= first ? 700 : 2;
        delta += delta / points;
        var k = 0;
        for (; delta > 455; k += 36)
        {
            delta /= 35;
        }

        return k + (36 * delta / (delta + 38));
    }
}
