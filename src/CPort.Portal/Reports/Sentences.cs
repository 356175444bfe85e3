using System.Text.RegularExpressions;

namespace CPort.Portal.Reports;

/// <summary>
/// The sentences of a report's history as a page tells them: on an item's page its own alone, what is said of several items once, moments as everywhere else,
/// and a code by its word. The sentences themselves are the domain's, in English.
/// </summary>
internal static partial class Sentences
{
    /// <summary>Lists whose values sentences name.</summary>
    private static readonly string[] Lists =
        ["holdReason", "action", "declineReason", "referralOutcome", "knownAs", "age", "gender", "classification", "state"];

    /// <summary>What an event says; of <paramref name="item"/> alone, when a page is about one.</summary>
    public static IEnumerable<string> Of(Words words, IEnumerable<string> facts, int? item) => facts
        .Where(fact => item is not { } own || !Item().IsMatch(fact) || Item().Matches(fact).Any(m => Number(m) == own))
        .GroupBy(fact => Item().Replace(fact, "\0", 1))
        .Select(same => Told(
            words,
            item is null && same.Key.Contains('\0') && same.Count() > 1 ? Several(same.Key, [.. same.Select(f => Number(Item().Match(f)))]) : same.First()));

    private static int Number(Match match) => int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture);

    private static string Several(string sentence, int[] items)
    {
        var these = $"{(sentence.StartsWith('\0') ? "Items" : "items")} {Runs(items)}";
        return sentence.Replace("\0 is ", $"{these} are ", StringComparison.Ordinal).Replace("\0", these, StringComparison.Ordinal);
    }

    /// <summary><c>2–4, 6</c>.</summary>
    private static string Runs(int[] items)
    {
        var runs = new List<(int From, int To)>();
        foreach (var item in items.Distinct().Order())
        {
            if (runs is [.., var (from, to)] && to == item - 1)
            {
                runs[^1] = (from, item);
            }
            else
            {
                runs.Add((item, item));
            }
        }

        return string.Join(", ", runs.Select(r => r.From == r.To ? $"{r.From}" : r.From == r.To - 1 ? $"{r.From}, {r.To}" : $"{r.From}–{r.To}"));
    }

    private static string Told(Words words, string sentence) => Code().Replace(
        At().Replace(sentence, m => words.Moment(DateTimeOffset.Parse($"{m.Groups[1].Value} {m.Groups[2].Value}Z", CultureInfo.InvariantCulture))),
        m => Lists.Select(l => $"{l}.{m.Value}").FirstOrDefault(words.Has) is { } key ? words[key] : m.Value);

    [GeneratedRegex(@"\b([Ii]tem) (\d+)\b")]
    private static partial Regex Item();

    [GeneratedRegex(@"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2})(?::\d{2})?(?: UTC|Z)")]
    private static partial Regex At();

    [GeneratedRegex(@"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b")]
    private static partial Regex Code();
}
