using System.ComponentModel.DataAnnotations;
using CPort.Actors.Matching;
using CPort.Domain.Audit;
using CPort.Domain.Inheritance;

namespace CPort.Api.Hashes;

/// <summary>Hashes to look up, any algorithms mixed.</summary>
public sealed record LookupBody : ILongBody
{
    /// <summary>1 to 10,000. Required.</summary>
    [Required]
    public List<HashBody?>? Hashes { get; init; }

    /// <summary>Hamming distance up to which PDQ values count as near, 0 to 64; left out: what the installation matches with (31 unless configured).</summary>
    public int? Radius { get; init; }

    /// <summary>Near values listed for a hash, 1 to 100, and at most 200,000 over all hashes; left out: 20.</summary>
    public int? MaxResults { get; init; }
}

/// <summary>A hash of which everything is to be told.</summary>
public sealed record ShowHashBody
{
    /// <summary>Required.</summary>
    [Required]
    public HashBody? Hash { get; init; }
}

/// <summary>An answer for each hash, in the order asked.</summary>
public sealed record LookupAnswer(IReadOnlyList<HashAnswer> Results) : IShowsData
{
    Shown IShowsData.What() => new([], [.. ShownFields.Of(Results)], Results.Count);
}

/// <summary>What is known of a hash. How many items carry it is told to nobody here: it would tell of items that the caller does not see.</summary>
/// <param name="Index">Its place in the request, from 0.</param>
/// <param name="Known">Somebody's opinion counts.</param>
/// <param name="Disputed">The opinions contradict, for everybody or by one country's law (docs/rules.md, rows 3 and 7); nobody inherits there.</param>
/// <param name="Trap">A value that matches everything or nothing (hash of the empty file, flat PDQ): never matched.</param>
/// <param name="Version">Rises with every change of the verdict; 0 when there never was an opinion.</param>
/// <param name="Near">Of a PDQ value: known values within the radius, nearest first; absent when it was not searched.</param>
/// <param name="NearTruncated">There are more than are listed.</param>
public sealed record HashAnswer(
    int Index, HashAlgorithm Algorithm, bool Known, bool Disputed, bool Trap, bool VictimIdentified, bool SeriesKnown, long Version,
    IReadOnlyList<OpinionAnswer> Opinions, IReadOnlyList<NearHashAnswer>? Near, bool? NearTruncated)
{
    public static HashAnswer Of(int index, HashVerdict v, HashLookupResult? near) => new(
        index, v.Hash.Algorithm, v.IsKnown, DecisionTable.IsDisputed(v), v.Trap, v.VictimIdentified, v.SeriesKnown, v.Version,
        [.. v.Opinions.Select(OpinionAnswer.Of)],
        near is null ? null : [.. near.Near.Select(NearHashAnswer.Of)], near is { NearTruncated: true } ? true : null);
}

/// <summary>A known PDQ value near the one asked for; suggests, never decides.</summary>
public sealed record NearHashAnswer(int Distance, string Value, bool Disputed, IReadOnlyList<OpinionAnswer> Opinions)
{
    public static NearHashAnswer Of(NearMatch match) =>
        new(match.Distance, match.Verdict.Hash.ToHex(), DecisionTable.IsDisputed(match.Verdict), [.. match.Verdict.Opinions.Select(OpinionAnswer.Of)]);
}

/// <summary>Everything held of one hash: what counts, every source's present word, and what was said before.</summary>
public sealed record HashEntryAnswer(
    HashAlgorithm Algorithm, string Value, bool Known, bool Disputed, bool Trap, bool VictimIdentified, bool SeriesKnown, long Version,
    IReadOnlyList<OpinionAnswer> Opinions, IReadOnlyList<SourceOpinionAnswer> Sources, IReadOnlyList<PastOpinionAnswer> History, int HistoryCount)
    : IShowsData
{
    Shown IShowsData.What() => new([], [.. ShownFields.Of(this)], 1);

    public static HashEntryAnswer Of(HashEntryReply entry)
    {
        var v = entry.Verdict;
        return new HashEntryAnswer(
            v.Hash.Algorithm, v.Hash.ToHex(), v.IsKnown, DecisionTable.IsDisputed(v), v.Trap, v.VictimIdentified, v.SeriesKnown, v.Version,
            [.. v.Opinions.Select(OpinionAnswer.Of)],
            [.. entry.Sources.Select(s => new SourceOpinionAnswer(OpinionAnswer.Of(s.Opinion), s.Retracted))],
            [.. entry.History.Select(h => new PastOpinionAnswer(OpinionAnswer.Of(h.Word.Opinion), h.Word.Retracted, h.Until))], entry.HistoryCount);
    }
}

/// <summary>A source's present word.</summary>
public sealed record SourceOpinionAnswer(OpinionAnswer Opinion, bool Retracted);

/// <summary>A word that no longer counts, and since when.</summary>
public sealed record PastOpinionAnswer(OpinionAnswer Opinion, bool Retracted, DateTimeOffset Until);

/// <summary>One row of <c>POST /v1/hashes:import</c>: the hashes of one media and what the list says of it.</summary>
public sealed record ImportRowBody : HashTexts
{
    /// <summary>Baseline, National or NotIllegal. Required.</summary>
    [Required]
    public CodeValue? Classification { get; init; }

    /// <summary>
    /// The country whose law the row follows; left out: the importing agency's primary country. One that the agency does not serve is only reported by it:
    /// the country's own hotlines are not bound.
    /// </summary>
    public string? Country { get; init; }
    public bool? VictimIdentified { get; init; }
    public bool? SeriesKnown { get; init; }

    /// <summary>The list takes the media back.</summary>
    public bool? Retract { get; init; }
}

/// <summary>What became of one row.</summary>
/// <param name="Outcome"> Durable: <c>imported</c> (new to the list), <c>changed</c>, <c>retracted</c>, <c>unchanged</c> (said before), <c>ignored</c> (only
/// trap values or PDQ of low quality); not: <c>rejected</c>, or <c>unavailable</c>: send it again. Of a media with several hashes, what happened to most of it,
/// in this order. </param>
/// <param name="LeftOut">Hashes of the row that cannot be read; the others are taken.</param>
public sealed record ImportLineAnswer(long Line, string Outcome, ApiProblem? Problem, IReadOnlyList<FieldError>? LeftOut = null);

/// <summary>A change of an agency's opinions on hashes outside any report.</summary>
public sealed record ChangeOpinionsBody : ILongBody
{
    /// <summary>1 to 10,000. Required.</summary>
    [Required]
    public List<HashBody?>? Hashes { get; init; }

    /// <summary>The agency's list whose word is changed; left out: the agency's own opinion.</summary>
    public string? List { get; init; }

    /// <summary>Of a correction: who judged, as with an import; left out: the list, or without one the agency.</summary>
    public string? Origin { get; init; }

    /// <summary>Of a correction: what is right. Required there.</summary>
    public CodeValue? Classification { get; init; }

    /// <summary>
    /// The law of the word that is changed, part of its source: no other word of the agency is touched. Left out: the agency's primary country.
    /// </summary>
    public string? Country { get; init; }

    /// <summary>The number of items that the answer before said will change. Left out: only count.</summary>
    public int? Confirm { get; init; }
}

/// <summary>What a change does or did.</summary>
/// <param name="Applied">False: only counted; send it again with <c>confirm</c> set to <paramref name="Items"/>.</param>
/// <param name="Verdicts">Verdicts that change.</param>
/// <param name="Items">Report items that will be told, of those that the caller sees with their hashes.</param>
/// <param name="Reports">Reports they stand in.</param>
/// <param name="Outcomes">Of each hash, in the order given: <c>Changes</c>, <c>Unchanged</c> (said already), or <c>NoWord</c>: the agency, or its list, has
/// said nothing of it by that law that could be put right or taken back.</param>
public sealed record ChangeOpinionsAnswer(bool Applied, int Verdicts, int Items, int Reports, IReadOnlyList<OpinionChangeOutcome> Outcomes) : IShowsData
{
    Shown IShowsData.What() => new([new AuditObject(AuditObjectKind.View, Applied ? "opinions changed" : "opinions counted")], [], Outcomes.Count);
}
