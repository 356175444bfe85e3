using System.Security.Cryptography;
using System.Text;
using CPort.IccamClient.Our;

namespace CPort.IccamClient.Planning;

/// <summary>What is written to ICCAM.</summary>
public enum WordKind
{
    Reference = 1,
    Assessment = 2,
    Action = 3,
    Move = 4,
}

/// <summary>One thing that our hotline said of an item, and ICCAM is to know.</summary>
/// <param name="Key">The same word of the same item has the same key for ever: it is planned once. Says nothing of what it holds.</param>
public sealed record Word(WordKind Kind, string Key)
{
    public OurAssessment? Assessment { get; init; }
    public OurAction? Action { get; init; }

    /// <summary>Of a reference, or a move's country.</summary>
    public string? Text { get; init; }
    public string? IpAddress { get; init; }

    /// <summary>A reference that is none of the hotline's: given so that the content leaves the queue of those without one.</summary>
    public bool Generated { get; init; }

    public override string ToString() => Key;
}

/// <summary>Which words an item has. Pure.</summary>
public static class Words
{
    /// <summary>
    /// Our own agency's, said while the job was its own, in the order in which they were said; first how it calls the item. What came with the report, what
    /// others said, and what waits for a second look is not told. Moves are planned from news (<see cref="Move"/>).
    /// </summary>
    public static ImmutableArray<Word> Of(OurAgency us, OurItem item)
    {
        var said = item.Assessments.Where(a => a.Agency == us.Id && a is { Episode: > 0, Counts: true })
            .Select(a => (a.At, Order: a.Id, Word: new Word(WordKind.Assessment, Key("assessment", a.Id)) { Assessment = a }));
        var done = item.Actions.Where(a => a.Agency == us.Id && a.Episode > 0 && CodeLists.ActionTypes.TryParse(a.Type, CodeGeneration.V3, out _))
            .Select(a => (a.At, Order: int.MaxValue, Word: new Word(WordKind.Action, Key("action", a.Place)) { Action = a }));
        var reference = item.Reference ?? string.Create(CultureInfo.InvariantCulture, $"CPORT-{item.Number}");
        return
        [
            new Word(WordKind.Reference, ReferenceKey(reference)) { Text = reference, Generated = item.Reference is null },
            .. said.Concat(done).OrderBy(w => w.At).ThenBy(w => w.Order).Select(w => w.Word),
        ];
    }

    /// <summary>That our agency gave the item to another country, by these news; null: it has it again, or never lost it.</summary>
    public static Word? Move(OurAgency us, OurItem item, string news) => item.AssignedCountry is { } country && !us.Countries.Contains(country)
        ? new Word(WordKind.Move, $"move-{country}-{news}") { Text = country, IpAddress = item.HostingIpAddress } : null;

    /// <summary>What a planned word says; null: the item says it no more.</summary>
    public static Word? Find(OurAgency us, OurItem item, string key) => KindOf(key) switch
    {
        WordKind.Move => new Word(WordKind.Move, key) { Text = key.Split('-')[1], IpAddress = item.HostingIpAddress },

        // Whatever it is called by now: what was planned before is only older. Once it is another's job, it has no name of ours any more.
        WordKind.Reference => Of(us, item)[0] is var now && now.Generated && now.Key != key ? null : now with { Key = key },
        _ => Of(us, item).FirstOrDefault(w => w.Key == key),
    };

    /// <summary>Those that are not planned yet; a reference only when it is another than the last one.</summary>
    public static ImmutableArray<Word> New(ImmutableArray<Word> words, IReadOnlyList<string> planned)
    {
        var known = planned.ToHashSet(StringComparer.Ordinal);
        var named = planned.LastOrDefault(IsReference);
        return [.. words.Where(w => w.Kind == WordKind.Reference ? named is null || (!w.Generated && named != w.Key) : !known.Contains(w.Key))];
    }

    /// <summary>A planned word that the item does not say now will not be said again: it was corrected or taken back, or the name is another's.</summary>
    public static bool IsOver(OurItem item, string key) => KindOf(key) switch
    {
        WordKind.Reference => true,
        WordKind.Assessment => item.Assessments.Any(a => !a.Counts && Key("assessment", a.Id) == key),
        _ => false,
    };

    public static bool IsReference(string key) => key.StartsWith("reference-", StringComparison.Ordinal);

    public static WordKind KindOf(string key) => key.Split('-')[0] switch
    {
        "reference" => WordKind.Reference,
        "assessment" => WordKind.Assessment,
        "action" => WordKind.Action,
        _ => WordKind.Move,
    };

    private static string ReferenceKey(string reference) => $"reference-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(reference)))[..16]}";

    private static string Key(string kind, int id) => string.Create(CultureInfo.InvariantCulture, $"{kind}-{id}");
}
