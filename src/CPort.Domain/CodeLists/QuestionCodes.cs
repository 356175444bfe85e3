namespace CPort.Domain.CodeLists;

/// <summary>What police asks hotlines for, and what makes a referral complete (portal.md 4.3). Numbers are stored: never change one.</summary>
public enum DataField
{
    /// <summary>The page that leads to the content. Fills the report's own field.</summary>
    Referrer = 1,

    /// <summary>User name and password for the page. Fill the report's own fields.</summary>
    Access = 2,

    /// <summary>When it was put there, with its time zone.</summary>
    UploadTime = 3,

    /// <summary>How its host was found: addresses on the way, answers of name servers.</summary>
    HostingTrace = 4,

    /// <summary>What stands around it on the page.</summary>
    PageContext = 5,

    /// <summary>Fills the report's own field.</summary>
    SiteType = 6,

    /// <summary>A hash by which the file is found elsewhere. Comes with the item; it is not asked for.</summary>
    ExactHash = 7,

    /// <summary>The name under which it was put there. Asked for, and no part of what makes a referral complete.</summary>
    UploaderName = 8,
}

/// <summary>Whom police asks.</summary>
public enum QuestionTo
{
    /// <summary>The hotline that sent the report.</summary>
    Source = 1,

    /// <summary>Who has the items: the assigned hotline; while no single one has them, those of the country.</summary>
    Assigned = 2,
}

/// <summary>Where a question stands.</summary>
public enum QuestionState
{
    Asked = 1,
    Answered,

    /// <summary>Who asked has what it needs.</summary>
    Satisfied,
    AskedAgain,

    /// <summary>None of it can be found out.</summary>
    Impossible,

    /// <summary>By the clock, from its due date on; it can still be answered.</summary>
    Overdue,

    /// <summary>With the report.</summary>
    Withdrawn,
}
