using CPort.Domain.Text;

namespace CPort.Domain.Routing;

/// <summary>
/// Names in any script to ASCII: UTS 46 as WHATWG's URL standard asks for it (CheckHyphens and VerifyDnsLength off, CheckBidi and CheckJoiners on, not
/// transitional), by the program's own tables (<see cref="UnicodeData"/>).
/// </summary>
internal static class Idna
{
    private const string Prefix = "xn--";

    /// <summary>Longest label, in code points: one of more never has an ASCII form that DNS takes.</summary>
    private const int MaxLabel = 63;

    /// <summary>False when a label is none of IDNA's, or is longer than DNS takes. Says nothing of ASCII characters.</summary>
    public static bool TryToAscii(string name, out string ascii)
    {
        ascii = "";
        var labels = NormalForm.C(Map(name)).Split('.');
        var codes = new int[labels.Length][];
        for (var i = 0; i < labels.Length; i++)
        {
            codes[i] = CodePoints.Of(labels[i]);
            if (labels[i].StartsWith(Prefix, StringComparison.Ordinal))
            {
                // One that decodes to ASCII would be a second spelling of another name.
                if (labels[i].Length > MaxLabel || !Ascii.IsValid(labels[i]) || !Punycode.TryDecode(labels[i][Prefix.Length..], out var decoded)
                    || Array.TrueForAll(decoded, c => c < 0x80))
                {
                    return false;
                }

                codes[i] = decoded;
            }
        }

        var isBidi = Array.Exists(codes, label => Array.Exists(label, c => UnicodeData.Bidi[c] is BidiClass.R or BidiClass.AL or BidiClass.AN));
        for (var i = 0; i < labels.Length; i++)
        {
            if (codes[i].Length == 0)
            {
                continue;
            }

            if (codes[i].Length > MaxLabel || !IsValid(codes[i]) || (isBidi && !FollowsBidiRule(codes[i])))
            {
                return false;
            }

            labels[i] = Array.TrueForAll(codes[i], c => c < 0x80) ? labels[i] : Prefix + Punycode.Encode(codes[i]);
        }

        ascii = string.Join('.', labels);
        return true;
    }

    private static string Map(string name)
    {
        var mapped = new StringBuilder(name.Length);
        foreach (var rune in name.EnumerateRunes())
        {
            if (rune.IsAscii)
            {
                mapped.Append(char.ToLowerInvariant((char)rune.Value));
            }
            else if (UnicodeData.Idna.TryGet(rune.Value, out var to) && to is not null)
            {
                mapped.Append(to);
            }
            else
            {
                mapped.Append(rune.ToString());
            }
        }

        return mapped.ToString();
    }

    private static bool IsValid(int[] label)
    {
        var text = CodePoints.Text(label);
        return !text.StartsWith(Prefix, StringComparison.Ordinal) && !text.Contains('.') && NormalForm.C(text) == text && !UnicodeData.Marks.Contains(label[0])
            && Array.TrueForAll(label, c => !UnicodeData.Idna.Contains(c)) && JoinersFit(label);
    }

    /// <summary>RFC 5892, appendix A.1 and A.2: invisible joiners stand only where they change how a script is written.</summary>
    private static bool JoinersFit(int[] label)
    {
        const int NonJoiner = 0x200C, Joiner = 0x200D, Virama = 9;
        for (var i = 0; i < label.Length; i++)
        {
            if (label[i] is not (NonJoiner or Joiner) || (i > 0 && UnicodeData.Combining[label[i - 1]] == Virama))
            {
                continue;
            }

            if (label[i] == Joiner || Beside(i, -1) is not ('L' or 'D') || Beside(i, 1) is not ('R' or 'D'))
            {
                return false;
            }
        }

        return true;

        // The joining type of the next one that is not transparent.
        char Beside(int at, int step)
        {
            do
            {
                at += step;
            }
            while (at >= 0 && at < label.Length && UnicodeData.Joining[label[at]] == 'T');
            return at >= 0 && at < label.Length ? UnicodeData.Joining[label[at]] : default;
        }
    }

    /// <summary>RFC 5893, section 2: no label may be shown as if it began or ended elsewhere.</summary>
    private static bool FollowsBidiRule(int[] label)
    {
        var classes = Array.ConvertAll(label, c => UnicodeData.Bidi[c]);
        var end = Array.FindLast(classes, c => c is not BidiClass.NSM);
        return classes[0] switch
        {
            BidiClass.L => end is BidiClass.L or BidiClass.EN
                && Array.TrueForAll(classes, c => c is not (BidiClass.R or BidiClass.AL or BidiClass.AN or BidiClass.X)),
            BidiClass.R or BidiClass.AL => end is BidiClass.R or BidiClass.AL or BidiClass.EN or BidiClass.AN
                && Array.TrueForAll(classes, c => c is not (BidiClass.L or BidiClass.X))
                && !(classes.Contains(BidiClass.EN) && classes.Contains(BidiClass.AN)),
            _ => false,
        };
    }
}
