namespace CPort.Domain.Iwol;

/// <summary>
/// What may stand in the list's files as a domain. Stricter than what a URL's host may be: a name with other characters breaks a zone for every resolver that
/// loads it, or means more there than it says.
/// </summary>
public static class ListedName
{
    /// <summary>Ends of names that resolvers do not ask the internet for, or that mean something else to them.</summary>
    private static readonly string[] NotOfTheInternet = ["onion", "arpa", "local", "localhost", "internal", "invalid", "alt"];

    /// <summary>Kept for examples (RFC 2606), so that no public suffix list names them.</summary>
    private static readonly string[] OfExamples = ["example", "test"];

    /// <summary>Two labels or more of lower-case letters, digits and hyphens, and no end that has a meaning of its own in a response policy zone.</summary>
    public static bool Fits(string name)
    {
        var labels = name.Split('.');
        return name.Length <= IwolFile.LongestDomain && labels.Length > 1 && Array.TrueForAll(labels, IsLabel) && !labels[^1].All(char.IsAsciiDigit)
            && !labels[^1].StartsWith("rpz-", StringComparison.Ordinal) && !NotOfTheInternet.Contains(labels[^1]);
    }

    /// <summary>Whether somebody may have registered a name with an end that no rule of the public suffix list names.</summary>
    public static bool IsOfExamples(string name) => OfExamples.Any(e => name.EndsWith($".{e}", StringComparison.Ordinal));

    private static bool IsLabel(string label) => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
