using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using CPort.Domain.CodeLists;
using CPort.Domain.Iwol;

namespace CPort.Node.Options;

/// <summary>INTERPOL's "worst of" list: what it takes to be on it, and how resolvers are told.</summary>
public sealed class IwolOptions
{
    /// <summary>Different countries whose officers have to agree.</summary>
    [Between(1, 20)]
    public int Countries { get; set; } = new IwolPolicy().Countries;

    /// <summary>Different agencies whose officers have to agree.</summary>
    [Between(1, 20)]
    public int Agencies { get; set; } = new IwolPolicy().Agencies;

    /// <summary>Days within which a listed domain is looked at again.</summary>
    [Between(1, IwolLimits.ReviewDays)]
    public int ReviewDays { get; set; } = IwolLimits.ReviewDays;

    /// <summary>What resolvers answer: <c>NoSuchName</c>, <c>NoData</c>, <c>StopAddress</c> or <c>StopName</c>.</summary>
    public IwolAnswer Answer { get; set; } = IwolAnswer.NoSuchName;

    /// <summary>Addresses of the stop page, one of each family.</summary>
    [Addresses]
    public string[] StopAddresses { get; set; } = [];

    /// <summary>The name of the stop page, in lower case, international ones as A-labels; a dot at its end is left out.</summary>
    [StopPage]
    public string StopName { get; set; } = "";

    /// <summary>The name of the policy zone.</summary>
    [RegularExpression(@"\A[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\z")]
    [MaxLength(40)]
    public string Zone { get; set; } = new IwolPublication().Zone;

    internal IwolPolicy Policy => new(Countries, Agencies, ReviewDays);

    internal IwolPublication Publication => new()
    {
        Answer = Answer, Zone = Zone, StopName = StopName.Length > 0 ? StopName.TrimEnd('.') : null,
        Address4 = Stop(AddressFamily.InterNetwork), Address6 = Stop(AddressFamily.InterNetworkV6),
    };

    /// <summary>As zones write it.</summary>
    private string? Stop(AddressFamily family) => StopAddresses.Select(IPAddress.Parse).FirstOrDefault(a => a.AddressFamily == family)?.ToString();

    [AttributeUsage(AttributeTargets.Property)]
    private sealed class AddressesAttribute : ValidationAttribute
    {
        protected override ValidationResult? IsValid(object? value, ValidationContext context)
        {
            var options = (IwolOptions)context.ObjectInstance;
            var member = new[] { context.MemberName! };
            return (value as string[])?.FirstOrDefault(a => !IsWhole(a)) is { } wrong
                    ? new ValidationResult($"'{wrong}' is no address.", member)
                : options.Answer == IwolAnswer.StopAddress && options.StopAddresses.Length == 0
                    ? new ValidationResult("Answer StopAddress needs at least one of StopAddresses.", member)
                : null;
        }

        /// <summary>Four numbers, or an IPv6 address of no interface: .NET takes <c>1</c> for an address as well.</summary>
        private static bool IsWhole(string text) => IPAddress.TryParse(text, out var address)
            && (address.AddressFamily == AddressFamily.InterNetwork ? text.Count(c => c == '.') == 3 : !text.Contains('%'));
    }

    /// <summary>A name with other characters would stand in the zone, and resolvers would refuse all of it, or read more than it says.</summary>
    [AttributeUsage(AttributeTargets.Property)]
    private sealed class StopPageAttribute : ValidationAttribute
    {
        protected override ValidationResult? IsValid(object? value, ValidationContext context)
        {
            var options = (IwolOptions)context.ObjectInstance;
            var (name, member) = ((value as string ?? "").TrimEnd('.'), new[] { context.MemberName! });
            return name.Length == 0 && options.Answer == IwolAnswer.StopName ? new ValidationResult("Answer StopName needs StopName.", member)
                : name.Length > 0 && !ListedName.Fits(name)
                    ? new ValidationResult("a host name of lower-case letters, digits, hyphens and dots is needed.", member)
                : name == options.Zone || name.EndsWith($".{options.Zone}", StringComparison.Ordinal)
                    ? new ValidationResult("it lies within the policy zone, where nobody finds it.", member) : null;
        }
    }
}
