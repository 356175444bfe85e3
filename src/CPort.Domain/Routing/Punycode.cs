using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.Routing;

/// <summary>RFC 3492: how labels of other scripts are written in ASCII, without the <c>xn--</c> before them.</summary>
internal static class Punycode
{
    private const int Base = 36, First = 128, FirstBias = 72;

    /// <summary>Of at most 63 code points, which keeps every sum within an int.</summary>
    public static string Encode(ReadOnlySpan<int> codes)
    {
        var output = new StringBuilder(codes.Length + 16);
        foreach (var c in codes)
        {
            if (c < First)
            {
                output.Append((char)c);
            }
        }

        var (basic, handled) = (output.Length, output.Length);
        if (basic > 0)
        {
            output.Append('-');
        }

        int n = First, delta = 0, bias = FirstBias;
        while (handled < codes.Length)
        {
            var next = int.MaxValue;
            foreach (var c in codes)
            {
                next = c >= n && c < next ? c : next;
            }

            delta += (next - n) * (handled + 1); // at most 0x10FFFF * 64
            n = next;
            foreach (var c in codes)
            {
                if (c < n)
                {
                    delta++;
                }
                else if (c == n)
                {
                    var q = delta;
                    for (var k = Base; ; k += Base)
                    {
                        var t = Math.Clamp(k - bias, 1, 26);
                        if (q < t)
                        {
                            break;
                        }

                        output.Append(Digit(t + ((q - t) % (Base - t))));
                        q = (q - t) / (Base - t);
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

        return output.ToString();
    }

    /// <summary>False when it is no such text.</summary>
    public static bool TryDecode(string text, [NotNullWhen(true)] out int[]? codes)
    {
        codes = null;
        var basic = Math.Max(0, text.LastIndexOf('-'));
        var output = text[..basic].Select(c => (int)c).ToList();
        long i = 0, n = First;
        var bias = FirstBias;
        for (var at = basic > 0 ? basic + 1 : 0; at < text.Length;)
        {
            var (before, weight) = (i, 1L);
            for (var k = Base; ; k += Base)
            {
                if (at == text.Length || Value(text[at++]) is not (>= 0 and var digit))
                {
                    return false;
                }

                i += digit * weight;
                if (i > int.MaxValue)
                {
                    return false;
                }

                var t = Math.Clamp(k - bias, 1, 26);
                if (digit < t)
                {
                    break;
                }

                weight *= Base - t;
                if (weight > int.MaxValue)
                {
                    return false;
                }
            }

            var length = output.Count + 1;
            bias = Adapt((int)(i - before), length, before == 0);
            n += i / length;
            i %= length;
            if (!Rune.IsValid((int)Math.Min(n, int.MaxValue)))
            {
                return false;
            }

            output.Insert((int)i++, (int)n);
        }

        codes = [.. output];
        return true;
    }

    private static char Digit(int value) => (char)(value < 26 ? 'a' + value : '0' + value - 26);

    private static int Value(char c) => c switch
    {
        >= 'a' and <= 'z' => c - 'a',
        >= 'A' and <= 'Z' => c - 'A',
        >= '0' and <= '9' => c - '0' + 26,
        _ => -1,
    };

    private static int Adapt(int delta, int points, bool first)
    {
        delta /= first ? 700 : 2;
        delta += delta / points;
        var k = 0;
        for (; delta > 455; k += Base)
        {
            delta /= 35;
        }

        return k + (36 * delta / (delta + 38));
    }
}
