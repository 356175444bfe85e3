using CPort.Domain.Agencies;
using CPort.Domain.Hashes;
using CPort.Domain.Inheritance;
using CPort.Domain.Reports;

namespace CPort.Node.Options;

/// <summary>Policy that may differ between installations; the rules themselves are code.</summary>
public sealed class PolicyOptions
{
    private static readonly InheritanceOptions Inheritance = new();
    private static readonly IccamRules Rules = new();

    /// <summary>Hamming distance up to which a PDQ value is near; for matching, groups, and look-ups that name none.</summary>
    [Between(0, PdqLimits.MaxRadius)]
    public int PdqRadius { get; set; } = PdqLimits.Radius;

    /// <summary>PDQ values of lower quality never match.</summary>
    [Between(0, PdqLimits.MaxQuality)]
    public int PdqQualityFloor { get; set; } = PdqLimits.QualityFloor;

    /// <summary>Whether MD5 and SHA-1, for which collisions can be made, let an item inherit: never, when both agree, or always.</summary>
    public WeakHashes WeakHashes { get; set; } = Inheritance.WeakHashes;

    /// <summary>Whether equal PhotoDNA bytes let an item inherit.</summary>
    public bool PhotoDnaDecides { get; set; } = Inheritance.PhotoDnaDecides;

    /// <summary>ICCAM rule 9: PerItem, WholeReport or Off.</summary>
    public AssessmentGate AssessmentGate { get; set; } = Rules.Gate;

    /// <summary>After how many hours an orphan nobody takes goes to police.</summary>
    [AtLeastOne]
    public int OrphanHours { get; set; } = ReportLimits.OrphanHours;

    /// <summary>The longest that police may have a host not told, with all extensions, in hours.</summary>
    [AtLeastOne]
    public int MaxHoldHours { get; set; } = ReportLimits.MaxHoldHours;

    /// <summary>What every hotline has looked at twice: NewBaseline, Icse, Iwol; an agency adds to it (docs/rules.md).</summary>
    public LookFor[] SecondLooks { get; set; } = [];

    /// <summary>How many equal answers it takes, the first among them.</summary>
    [Between(SecondLookPolicy.LeastAgreeing, SecondLookPolicy.MostAgreeing)]
    public int SecondLooksAgreeing { get; set; } = SecondLookPolicy.LeastAgreeing;

    /// <summary>Of a hundred other judgements so many are looked at twice as well.</summary>
    [Between(0, 100)]
    public int SecondLooksSample { get; set; }

    /// <summary>ICCAM's rules (docs/rules.md) that are switched off; 1, 2, 3, 8 and 10 may be.</summary>
    public string[] RulesOff { get; set; } = [];

    /// <summary>The numbers of the rules that may be switched off.</summary>
    public static readonly IReadOnlyList<string> Switchable = ["1", "2", "3", "8", "10"];

    /// <summary>What is looked at twice everywhere.</summary>
    public SecondLookPolicy ToLooks() => new()
    {
        For = SecondLooks.Aggregate(LookFor.None, (all, one) => all | one), Agreeing = SecondLooksAgreeing, Sample = SecondLooksSample,
    };

    /// <summary>The rules as these settings leave them.</summary>
    public IccamRules ToRules() => new()
    {
        BaselineIsFinal = !RulesOff.Contains("1"),
        OnlyNationalIsOverruled = !RulesOff.Contains("2"),
        NoAssessmentAfterAction = !RulesOff.Contains("3"),
        ActionOnce = !RulesOff.Contains("8"),
        NotIllegalFollowsAssessment = !RulesOff.Contains("10"),
        Gate = AssessmentGate,
    };
}
