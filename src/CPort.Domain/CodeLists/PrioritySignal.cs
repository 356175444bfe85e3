namespace CPort.Domain.CodeLists;

/// <summary>What may make a referral more, or less, pressing. Each holds when it holds for one of its items. Numbers are stored.</summary>
public enum PrioritySignal
{
    /// <summary>A report is urgent.</summary>
    Urgent = 1,

    /// <summary>Judged Baseline.</summary>
    Baseline = 2,

    /// <summary>Judged illegal by a country's law.</summary>
    National = 3,

    /// <summary>Nobody's opinion counts yet.</summary>
    NotJudged = 4,

    /// <summary>Known from hashes: nobody had to look.</summary>
    KnownMedia = 5,

    /// <summary>No hash of it is known anywhere.</summary>
    UnknownMedia = 6,

    /// <summary>An infant, or a child before puberty, is shown.</summary>
    YoungChild = 7,

    /// <summary>Made by the child itself, or by somebody who uses the site.</summary>
    UserGenerated = 8,

    /// <summary>It has no final action.</summary>
    StillOnline = 9,

    /// <summary>Ten items or more.</summary>
    ManyItems = 10,

    /// <summary>It had gone and came back.</summary>
    SeenAgain = 11,

    /// <summary>Look-alikes are known.</summary>
    LookAlikes = 12,

    /// <summary>The site takes money.</summary>
    Commercial = 13,
}
