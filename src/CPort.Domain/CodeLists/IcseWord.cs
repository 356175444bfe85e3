namespace CPort.Domain.CodeLists;

/// <summary>What ICSE says of a file, in one word: the most that it says.</summary>
public enum IcseWord
{
    /// <summary>It had not got it.</summary>
    New = 1,
    Known,
    OffenderIdentified,
    VictimIdentified,
}
