using System.Diagnostics.CodeAnalysis;

namespace CPort.Domain.Identity;

/// <summary>Names a package of media for ICSE: 128 bits that follow from the command that opened it, written as 26 characters of Crockford base32.</summary>
public readonly record struct PackageKey(UInt128 Value)
{
    public static bool TryParse([NotNullWhen(true)] string? text, out PackageKey key)
    {
        var read = ReportId.TryParse(text, out var id);
        key = new PackageKey(id.Value);
        return read;
    }

    public static PackageKey Parse(string text) => TryParse(text, out var key) ? key : throw new FormatException("A package's id has 26 characters.");

    public override string ToString() => new ReportId(Value).ToString();
}

/// <summary>A message for the entity of one package.</summary>
public interface IPackageMessage : IWireMessage
{
    PackageKey Key { get; }
}
