namespace CPort.Node.Sample.Case;

/// <summary>One step of the case: who does what, and what is true then.</summary>
/// <param name="Number">1 to 16.</param>
/// <param name="Who">Who acts.</param>
/// <param name="Does">In a sentence.</param>
/// <param name="Then">What holds afterwards, in a sentence.</param>
/// <param name="Act">Does it, by the API; a browser does it by its pages instead.</param>
/// <param name="Holds">Looks whether it holds, by the API, and notes what later steps need.</param>
public sealed record CaseStep(int Number, string Who, string Does, string Then, Func<CasePlay, Task> Act, Func<CasePlay, Task> Holds);

/// <summary>The sixteen steps: the demo shows them, tests play them over the API, in a browser, and while a node is killed.</summary>
public static class CaseSteps
{
    /// <summary>
    /// After these all that anybody can ask for is looked through (<see cref="CaseSecrets"/>): each brings what others must not see, or brings them
    /// nearer to it.
    /// </summary>
    public static readonly ImmutableArray<int> Looks = [3, 6, 9, 12, 14, 16];

    public static ImmutableArray<CaseStep> All { get; } =
    [
        new(1, "hotline-nl", "streams an urgent report: a page and six media in the Netherlands, two in Germany",
            "police of both countries have it in their inboxes, each its own; one picture is known, two look alike",
            CaseHotline.ReportAsync, CaseHotline.ReportedAsync),
        new(2, "officer-nl", "receives the referral", "the analyst sees at the items: received", CasePolice.ReceiveAsync, CasePolice.ReceivedAsync),
        new(3, "officer-nl", "asks that the host of three is not told for 48 hours: possible new victim", "both sides see the hold",
            CasePolice.HoldAsync, CasePolice.HeldAsync),
        new(4, "analyst-nl", "assesses four one by one and the two alike as a group; the known one nobody looks at",
            "telling the host of a held one is refused, with the hold's text", CaseHotline.AssessAsync, CaseHotline.AssessedAsync),
        new(5, "officer-nl", "asks for referrer and time of upload", "the question is due at the hotline in 24 hours",
            CasePolice.AskAsync, CasePolice.AskedAsync),
        new(6, "analyst-nl", "answers", "completeness rises from 5 of 7 to 7 of 7, and the score says why", CaseHotline.AnswerAsync, CaseHotline.AnsweredAsync),
        new(7, "officer-de", "looks at her inbox", "she sees her two items and that somebody works on matching media: ask INTERPOL; of the others nothing",
            _ => Task.CompletedTask, CasePolice.MeetAsync),
        new(8, "analyst-nl", "proposes two for ICSE, and the domain for INTERPOL's list", "INTERPOL has both among its candidates",
            CaseHotline.ProposeAsync, CaseHotline.ProposedAsync),
        new(9, "officer-ip, second-ip", "put the two into a package; the second reviews, the first releases",
            "the files are what the package says, to the bit", CaseInterpol.PackageAsync, CaseInterpol.PackagedAsync),
        new(10, "officer-nl, officer-de", "say what they found on the domain, neither seeing the other's", "before hers undecidable, after hers decidable",
            CasePolice.AttestAsync, CasePolice.AttestedAsync),
        new(11, "officer-ip", "would list the domain", "not while police's hold runs: the refusal names it",
            _ => Task.CompletedTask, CaseInterpol.RefusedAsync),
        new(12, "officer-de", "receives her referral while a node dies; where there is one alone, twice", "her answer stands once",
            CasePolice.ReceiveWhileNodeDiesAsync, CasePolice.ReceivedOnceAsync),
        new(13, "–", "two days pass; then the hotline tells the host, and INTERPOL lists the domain",
            "the hold has ended by itself, both are told; the list has a new version, signed, and resolvers can load it",
            CaseInterpol.PassAsync, CaseInterpol.ListedAsync),
        new(14, "officer-ip", "takes in what ICSE says: one victim is identified", "officer and analyst see it at the item, officer-de does not",
            CaseInterpol.ReturnAsync, CaseInterpol.ReturnedAsync),
        new(15, "administrator-nl", "stops a colleague's account", "the colleague's open page ends at the next click", CaseEnd.StopAsync, CaseEnd.StoppedAsync),
        new(16, "auditor-nl", "looks for the case in the audit log", "each look and each change is there, with its purpose and a proof", CaseEnd.AuditAsync,
            CaseEnd.AuditedAsync),
    ];
}
