using System.Text.RegularExpressions;

namespace CPort.IccamClient.Wire;

/// <summary>A fault that passes: the same is tried again later. Whether what was sent was done is not known.</summary>
public sealed class PassingFaultException(string code, bool whole, TimeSpan? after = null, Exception? cause = null) : Exception(code, cause)
{
    /// <summary>A word for logs and <c>status</c>.</summary>
    public string Code => Message;

    /// <summary>It is the whole server's, not one item's.</summary>
    public bool Whole => whole;

    /// <summary>How long the server asked to be left alone.</summary>
    public TimeSpan? After => after;
}

/// <summary>A refusal that asking again does not change.</summary>
public sealed class RefusedException(ImmutableArray<Refusal> refusals) : Exception("refused")
{
    public ImmutableArray<Refusal> Refusals => refusals;

    public static RefusedException Of(string field, string code, string text) => new([new Refusal(field, code, text)]);
}

/// <summary>What was refused, for the error list.</summary>
/// <param name="Field">Where, by the other side's name.</param>
/// <param name="Code">A word, or an HTTP status.</param>
/// <param name="Text">For people; without addresses and hashes.</param>
public sealed partial record Refusal(string Field, string Code, string Text)
{
    private const int MostText = 300;
    private const int MostField = 80;

    /// <summary>A name of a field has neither.</summary>
    public string Field { get; } = Field.Length > MostField || Field.AsSpan().IndexOfAny(":/ ") >= 0 ? Safe(Field) : Field;
    public string Code { get; } = Safe(Code);
    public string Text { get; } = Safe(Text);

    /// <summary>Texts of others may quote what was sent: no address and no hash stays.</summary>
    public static string Safe(string text)
    {
        var safe = Hash().Replace(Address().Replace(PlainText.Line(text) ?? "", "[…]"), "[…]");
        return safe.Length > MostText ? safe[..MostText] : safe;
    }

    /// <summary>With a scheme or without one; what a sentence ends with may go, too.</summary>
    [GeneratedRegex(@"\b[a-z][a-z0-9+.\-]*:/+\S+|\b[\w\-]+(\.[\w\-]+)*\.[a-z]{2,}(/\S*)?|\b\d{1,3}(\.\d{1,3}){3}\b\S*", RegexOptions.IgnoreCase)]
    private static partial Regex Address();

    [GeneratedRegex(@"\b[0-9a-f]{16,}\b|\b[A-Za-z0-9+/_\-]{24,}={0,2}", RegexOptions.IgnoreCase)]
    private static partial Regex Hash();
}
