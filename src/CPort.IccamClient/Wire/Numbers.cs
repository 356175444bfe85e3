namespace CPort.IccamClient.Wire;

/// <summary>A content's number in ICCAM.</summary>
public readonly record struct ContentNumber(long Value) : IComparable<ContentNumber>
{
    public int CompareTo(ContentNumber other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A report's number in ICCAM.</summary>
public readonly record struct ReportNumber(long Value) : IComparable<ReportNumber>
{
    public int CompareTo(ReportNumber other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
