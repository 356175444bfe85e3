namespace CPort.Domain.Reports;

/// <summary>Figures of reports that more than one place needs; how many items travel together says <see cref="ReportRules.ItemsPerPart"/>.</summary>
public static class ReportLimits
{
    /// <summary>Items of one report, unless configured otherwise; a larger one is to be split.</summary>
    public const int ItemsPerReport = 10_000;

    /// <summary>Rows on one page of a list, by default and at most (as in ICCAM, domain.md 1.3).</summary>
    public const int PageRows = 200;

    /// <summary>
    /// Bytes of an answer of a report's actor: what crosses between nodes has a limit (1 MB), and an answer is of any number of memos, reasons and opinions.
    /// With room for what stands around it.
    /// </summary>
    public const int AnswerBytes = 800_000;

    /// <summary>Of them, for memos.</summary>
    public const int MemoBytes = AnswerBytes / 2;

    /// <summary>After how many hours an orphan that nobody takes goes to police, unless configured otherwise.</summary>
    public const int OrphanHours = 72;

    /// <summary>How long an analyst holds items who names no time.</summary>
    public const int ClaimMinutes = 30;

    /// <summary>The longest hold: a day.</summary>
    public const int MaxClaimMinutes = 1_440;

    /// <summary>How long the host is not told when police names no end.</summary>
    public const int HoldHours = 72;

    /// <summary>The longest that a hold lasts with all its extensions, unless configured otherwise.</summary>
    public const int MaxHoldHours = 336;

    /// <summary>Agencies and keys to which one agency refers one item by hand: none uses up what is another's.</summary>
    public const int ReferralsOfAgency = 20;

    /// <summary>Holds of one report, running and ended, that one agency asks for.</summary>
    public const int HoldsOfAgency = 50;

    /// <summary>How long a question of police has that names no end: of what is urgent, and else.</summary>
    public const int UrgentQuestionHours = 24;
    public const int QuestionHours = 120;

    /// <summary>The longest that police gives for an answer.</summary>
    public const int MaxQuestionHours = 720;

    /// <summary>Questions of one agency about one report, and what is said of one.</summary>
    public const int QuestionsOfAgency = 50;
    public const int LinesPerQuestion = 40;

    /// <summary>How far a sender's clock may be ahead of ours before a date counts as being in the future.</summary>
    public static TimeSpan ClockTolerance { get; } = TimeSpan.FromMinutes(5);
}
