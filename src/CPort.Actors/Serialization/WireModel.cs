using CPort.Domain.CodeLists;
using ProtoBuf.Meta;

namespace CPort.Actors.Serialization;

/// <summary>The one protobuf-net model: contracts by attributes, and surrogates for the value types that have no fields of their own.</summary>
public static partial class WireModel
{
    public static readonly RuntimeTypeModel Instance = Create();

    private static RuntimeTypeModel Create()
    {
        var model = RuntimeTypeModel.Create("cport");
        model.Add(typeof(DateTimeOffset), false).SetSurrogate(typeof(InstantSurrogate));
        model.Add(typeof(ReportId), false).SetSurrogate(typeof(ReportIdSurrogate));
        model.Add(typeof(ReferralKey), false).SetSurrogate(typeof(ReferralKeySurrogate));
        model.Add(typeof(IwolKey), false).SetSurrogate(typeof(IwolKeySurrogate));
        model.Add(typeof(PackageKey), false).SetSurrogate(typeof(PackageKeySurrogate));
        model.Add(typeof(ReferralRef), false).SetSurrogate(typeof(ReferralRefSurrogate));
        model.Add(typeof(ItemRef), false).SetSurrogate(typeof(ItemRefSurrogate));
        model.Add(typeof(Country), false).SetSurrogate(typeof(CountrySurrogate));
        model.Add(typeof(AgencyId), false).SetSurrogate(typeof(AgencyIdSurrogate));
        model.Add(typeof(CommandId), false).SetSurrogate(typeof(CommandIdSurrogate));
        model.Add(typeof(PersonId), false).SetSurrogate(typeof(PersonIdSurrogate));
        model.Add(typeof(HotlineReference), false).SetSurrogate(typeof(HotlineReferenceSurrogate));
        AddHashes(model);
        return model;
    }

    /// <summary>Surrogates of the hash types; in <c>Hashes/HashSurrogates.cs</c>.</summary>
    static partial void AddHashes(RuntimeTypeModel model);

    [ProtoContract]
    private struct InstantSurrogate
    {
        [ProtoMember(1)] public long UtcTicks;

        public static implicit operator DateTimeOffset(InstantSurrogate s) => new(s.UtcTicks, TimeSpan.Zero);

        public static implicit operator InstantSurrogate(DateTimeOffset v) => new() { UtcTicks = v.UtcTicks };
    }

    [ProtoContract]
    private struct ReportIdSurrogate
    {
        [ProtoMember(1, DataFormat = DataFormat.FixedSize)] public ulong High;
        [ProtoMember(2, DataFormat = DataFormat.FixedSize)] public ulong Low;

        public static implicit operator ReportId(ReportIdSurrogate s) => new(new UInt128(s.High, s.Low));

        public static implicit operator ReportIdSurrogate(ReportId v) => new() { High = (ulong)(v.Value >> 64), Low = (ulong)v.Value };
    }

    [ProtoContract]
    private struct ReferralKeySurrogate
    {
        [ProtoMember(1, DataFormat = DataFormat.FixedSize)] public ulong High;
        [ProtoMember(2, DataFormat = DataFormat.FixedSize)] public ulong Low;

        public static implicit operator ReferralKey(ReferralKeySurrogate s) => new(new UInt128(s.High, s.Low));

        public static implicit operator ReferralKeySurrogate(ReferralKey v) => new() { High = (ulong)(v.Value >> 64), Low = (ulong)v.Value };
    }

    [ProtoContract]
    private struct IwolKeySurrogate
    {
        [ProtoMember(1, DataFormat = DataFormat.FixedSize)] public ulong High;
        [ProtoMember(2, DataFormat = DataFormat.FixedSize)] public ulong Low;

        public static implicit operator IwolKey(IwolKeySurrogate s) => new(new UInt128(s.High, s.Low));

        public static implicit operator IwolKeySurrogate(IwolKey v) => new() { High = (ulong)(v.Value >> 64), Low = (ulong)v.Value };
    }

    [ProtoContract]
    private struct PackageKeySurrogate
    {
        [ProtoMember(1, DataFormat = DataFormat.FixedSize)] public ulong High;
        [ProtoMember(2, DataFormat = DataFormat.FixedSize)] public ulong Low;

        public static implicit operator PackageKey(PackageKeySurrogate s) => new(new UInt128(s.High, s.Low));

        public static implicit operator PackageKeySurrogate(PackageKey v) => new() { High = (ulong)(v.Value >> 64), Low = (ulong)v.Value };
    }

    [ProtoContract]
    private struct ReferralRefSurrogate
    {
        [ProtoMember(1, DataFormat = DataFormat.FixedSize)] public ulong High;
        [ProtoMember(2, DataFormat = DataFormat.FixedSize)] public ulong Low;
        [ProtoMember(3)] public int Number;

        public static implicit operator ReferralRef(ReferralRefSurrogate s) => new(new ReferralKey(new UInt128(s.High, s.Low)), s.Number);

        public static implicit operator ReferralRefSurrogate(ReferralRef v) =>
            new() { High = (ulong)(v.Key.Value >> 64), Low = (ulong)v.Key.Value, Number = v.Number };
    }

    [ProtoContract]
    private struct ItemRefSurrogate
    {
        [ProtoMember(1, DataFormat = DataFormat.FixedSize)] public ulong High;
        [ProtoMember(2, DataFormat = DataFormat.FixedSize)] public ulong Low;
        [ProtoMember(3)] public int Ordinal;

        public static implicit operator ItemRef(ItemRefSurrogate s) => new(new ReportId(new UInt128(s.High, s.Low)), s.Ordinal);

        public static implicit operator ItemRefSurrogate(ItemRef v) =>
            new() { High = (ulong)(v.Report.Value >> 64), Low = (ulong)v.Report.Value, Ordinal = v.Ordinal };
    }

    [ProtoContract]
    private struct CountrySurrogate
    {
        [ProtoMember(1)] public string? Code;

        public static implicit operator Country(CountrySurrogate s) => s.Code is { Length: > 0 } code ? Country.Parse(code) : default;

        public static implicit operator CountrySurrogate(Country v) => new() { Code = v.Code };
    }

    [ProtoContract]
    private struct AgencyIdSurrogate
    {
        [ProtoMember(1)] public string? Value;

        public static implicit operator AgencyId(AgencyIdSurrogate s) => s.Value is { Length: > 0 } v ? AgencyId.Parse(v) : default;

        public static implicit operator AgencyIdSurrogate(AgencyId v) => new() { Value = v.Value };
    }

    [ProtoContract]
    private struct CommandIdSurrogate
    {
        [ProtoMember(1)] public string? Value;

        public static implicit operator CommandId(CommandIdSurrogate s) => s.Value is { Length: > 0 } v ? CommandId.Parse(v) : default;

        public static implicit operator CommandIdSurrogate(CommandId v) => new() { Value = v.Value };
    }

    [ProtoContract]
    private struct PersonIdSurrogate
    {
        [ProtoMember(1)] public string? Value;

        public static implicit operator PersonId(PersonIdSurrogate s) => s.Value is { Length: > 0 } v ? PersonId.Parse(v) : default;

        public static implicit operator PersonIdSurrogate(PersonId v) => new() { Value = v.Value };
    }

    [ProtoContract]
    private struct HotlineReferenceSurrogate
    {
        [ProtoMember(1)] public string? Value;

        public static implicit operator HotlineReference(HotlineReferenceSurrogate s) => s.Value is { Length: > 0 } v ? HotlineReference.Parse(v) : default;

        public static implicit operator HotlineReferenceSurrogate(HotlineReference v) => new() { Value = v.Value };
    }
}
