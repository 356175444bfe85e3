using System.Buffers;

namespace CPort.Domain.Routing;

/// <summary>
/// Our own, and not <see cref="IdnMapping"/>: stored keyed hashes are made of the result, so that it may never change with the runtime or the machine's ICU;
/// and without ICU, as in the containers, that class neither maps nor checks. Host names in their one normal form: what WHATWG's URL standard calls domain to
/// ASCII (UTS 46), without a trailing dot.
/// </summary>
public static class HostNames
{
    /// <summary>DNS's longest name.</summary>
    private const int MaxLength = 253;

    private const int MaxLabel = 63;

    /// <summary>More characters are not read: mapping may drop some, or make more of them.</summary>
    private const int MaxText = 1_024;

    /// <summary>WHATWG's forbidden domain code points.</summary>
    private static readonly SearchValues<char> Forbidden =
        SearchValues.Create([.. Enumerable.Range(0, 0x21).Select(c => (char)c), .. "#/:<>?@[\\]^|%\x7f"]);

    /// <summary>
    /// Brings a name into normal form; false when it cannot be a DNS name: empty labels, over 63 characters a label or 253 in all, or what WHATWG forbids in
    /// hosts. Underscores and the like pass, as they do in browsers. An IPv4 address passes as it is.
    /// </summary>
    public static bool TryNormalise(string? text, out string host)
    {
        host = "";
        if (string.IsNullOrEmpty(text) || text.Length > MaxText)
        {
            return false;
        }

        // Nearly all names are ASCII, and WHATWG does nothing to those but lower their case: not even labels that begin with xn-- are looked into.
        var name = text;
        if (Ascii.IsValid(text))
        {
            name = text.AsSpan().ContainsAnyInRange('A', 'Z') ? text.ToLowerInvariant() : text;
        }
        else if (!Idna.TryToAscii(text, out name))
        {
            return false;
        }

        name = name.EndsWith('.') ? name[..^1] : name;
        if (name.Length > MaxLength || name.AsSpan().ContainsAny(Forbidden))
        {
            return false;
        }

        for (var rest = name.AsSpan(); ;)
        {
            var dot = rest.IndexOf('.');
            if ((dot < 0 ? rest.Length : dot) is 0 or > MaxLabel)
            {
                return false;
            }

            if (dot < 0)
            {
                host = name;
                return true;
            }

            rest = rest[(dot + 1)..];
        }
    }
}
