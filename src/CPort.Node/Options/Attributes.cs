using System.ComponentModel.DataAnnotations;

namespace CPort.Node.Options;

/// <summary>A number from and to which a setting may be.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class BetweenAttribute : RangeAttribute
{
    public BetweenAttribute(double low, double high)
        : base(low, high) => ErrorMessage = "{1} to {2}.";
}

[AttributeUsage(AttributeTargets.Property)]
internal sealed class AtLeastOneAttribute : RangeAttribute
{
    public AtLeastOneAttribute()
        : base(1, int.MaxValue) => ErrorMessage = "at least 1.";
}

/// <summary>A file that must be there when it is named.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ExistingFileAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext context) =>
        string.IsNullOrEmpty(value as string) || File.Exists((string)value)
            ? null : new ValidationResult($"the file {value} does not exist.", [context.MemberName!]);
}

/// <summary>A host's name or address.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class HostAttribute : ValidationAttribute
{
    protected override ValidationResult? IsValid(object? value, ValidationContext context) =>
        value is string host && Uri.CheckHostName(host) is UriHostNameType.Unknown or UriHostNameType.Basic
            ? new ValidationResult($"'{host}' is neither a host's name nor an address.", [context.MemberName!]) : null;
}
