namespace CPort.Api.Reading;

/// <summary>The body of a whole report.</summary>
public interface IReportBody;

/// <summary>The body of a command that lists hashes, items or numbers by the thousand.</summary>
public interface ILongBody;

/// <summary>How large a body may be and how many entries its arrays may have: the one table of both.</summary>
public static class BodyLimits
{
    /// <summary>Of an array that is named nowhere here.</summary>
    internal const int EntriesOfAny = 1_000;

    public static int Bytes<T>(IntakeLimits limits) => Math.Min(limits.BodyBytes,
        typeof(T).IsAssignableTo(typeof(IReportBody)) ? limits.BodyBytes
        : typeof(T).IsAssignableTo(typeof(ILongBody)) ? limits.ListBodyBytes
        : limits.CommandBodyBytes);

    /// <summary>What a body means to keep to is less, here and there, and told when it is read; beyond this nothing of it is looked at.</summary>
    internal static int Entries(ReadOnlySpan<byte> name, IntakeLimits limits) =>
        name.SequenceEqual("urls"u8) ? limits.ItemsPerReport
        : name.SequenceEqual("actions"u8) ? limits.ActionsPerItem
        : name.SequenceEqual("hashes"u8) || name.SequenceEqual("items"u8) || name.SequenceEqual("ids"u8) || name.SequenceEqual("numbers"u8) ? 10_000
        : EntriesOfAny;
}
