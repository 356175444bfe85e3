namespace CPort.Domain.Text;

/// <summary>
/// Unicode's normal form C (UAX 15), by the program's own tables: what looks the same and is composed differently becomes one text, on every machine.
/// </summary>
public static class NormalForm
{
    // Hangul syllables are composed by a formula (Unicode 3.12).
    private const int Syllables = 0xAC00, Leads = 0x1100, Vowels = 0x1161, Tails = 0x11A7;
    private const int LeadCount = 19, VowelCount = 21, TailCount = 28, SyllableCount = LeadCount * VowelCount * TailCount;

    /// <summary>Text in normal form C; a lone surrogate becomes U+FFFD.</summary>
    public static string C(string text)
    {
        // Below U+0300 everything is in normal form, and stays so beside its like.
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\u02ff'))
        {
            return text;
        }

        var codes = Decomposed(CodePoints.Of(text));
        Order(codes);
        return CodePoints.Text(codes.AsSpan(0, Compose(codes)));
    }

    /// <summary>The same without code points that show nothing, such as zero-width spaces.</summary>
    public static string Visible(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\u007f'))
        {
            return text;
        }

        var kept = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes().Where(r => !UnicodeData.Ignorable.Contains(r.Value)))
        {
            kept.Append(rune.ToString());
        }

        return C(kept.ToString());
    }

    private static int[] Decomposed(int[] codes)
    {
        var all = new List<int>(2 * codes.Length);
        foreach (var code in codes)
        {
            var syllable = code - Syllables;
            if (syllable is >= 0 and < SyllableCount)
            {
                all.Add(Leads + (syllable / (VowelCount * TailCount)));
                all.Add(Vowels + (syllable % (VowelCount * TailCount) / TailCount));
                if (syllable % TailCount is var tail and not 0)
                {
                    all.Add(Tails + tail);
                }
            }
            else if (UnicodeData.Decompositions.TryGet(code, out var parts))
            {
                all.AddRange(parts!);
            }
            else
            {
                all.Add(code);
            }
        }

        return [.. all];
    }

    /// <summary>Marks after one letter by class; those of a class as they stand.</summary>
    private static void Order(int[] codes)
    {
        for (var i = 0; i < codes.Length; i++)
        {
            var from = i;
            while (i < codes.Length && UnicodeData.Combining[codes[i]] > 0)
            {
                i++;
            }

            if (i - from > 1)
            {
                var marks = codes[from..i];
                var classes = Array.ConvertAll(marks, m => UnicodeData.Combining[m]);
                Enumerable.Range(0, marks.Length).OrderBy(m => classes[m]).Select(m => marks[m]).ToArray().CopyTo(codes, from);
            }
        }
    }

    /// <summary>Composes in place; answers how many are left.</summary>
    private static int Compose(int[] codes)
    {
        var (starter, last, count) = (-1, 0, 0);
        foreach (var code in codes)
        {
            var combining = UnicodeData.Combining[code];
            if (starter >= 0 && (last == 0 || last < combining) && TryCompose(codes[starter], code, out var composed))
            {
                codes[starter] = composed;
                continue;
            }

            if (combining == 0)
            {
                starter = count;
            }

            last = combining;
            codes[count++] = code;
        }

        return count;
    }

    private static bool TryCompose(int first, int second, out int composed)
    {
        if (first - Leads is >= 0 and < LeadCount && second - Vowels is >= 0 and < VowelCount)
        {
            composed = Syllables + ((((first - Leads) * VowelCount) + second - Vowels) * TailCount);
            return true;
        }

        if (first - Syllables is >= 0 and < SyllableCount && (first - Syllables) % TailCount == 0 && second - Tails is > 0 and < TailCount)
        {
            composed = first + second - Tails;
            return true;
        }

        return UnicodeData.TryCompose(first, second, out composed);
    }
}
