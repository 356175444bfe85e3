namespace CPort.Domain.Confidential;

/// <summary>Makes the ids of reports.</summary>
public static class ReportIds
{
    /// <summary>
    /// 128 bits of a keyed hash of (tenant, reporting hotline, hotline reference). The same hotline and reference always give the same id, which is what makes
    /// re-sending harmless (design.md rule 2); a reference used in training is free for live work. Keyed, because references are few enough to be tried: who
    /// sees an id must not find the reference, nor who guesses a reference the id.
    /// </summary>
    public static ReportId Of(ConfidentialSeam seam, Tenant tenant, AgencyId hotline, HotlineReference reference) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(
            seam.Keyed("report-id-1", Encoding.UTF8.GetBytes($"{(int)tenant}\0{hotline}\0{reference.Value}"))));
}
