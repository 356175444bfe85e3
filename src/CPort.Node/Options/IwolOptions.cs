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

    /// <summary>The name of the stop page.</summary>
    public string StopName { get; set; } = "";

    /// <summary>The name of the policy zone.</summary>
    [RegularExpression(@"\A[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\z")]
    [MaxLength(40)]
    public string Zone { get; set; } = new IwolPublication().Zone;

    internal IwolPolicy Policy => new(Countries, Agencies, ReviewDays);

    internal IwolPublication Publication => new()
    {
        Answer = Answer, Zone = Zone, StopName = StopName.Length > 0 ? StopName.TrimEnd('.') : null,
        Address4 = StopAddresses.FirstOrDefault(a => IPAddress.Parse(a).AddressFamily == AddressFamily.InterNetwork),
        Address6 = StopAddresses.FirstOrDefault(a => IPAddress.Parse(a).AddressFamily == AddressFamily.InterNetworkV6),
    };

    [AttributeUsage(AttributeTargets.Property)]
    private sealed class AddressesAttribute : ValidationAttribute
    {
        protected override ValidationResult? IsValid(object? value, ValidationContext context)
        {
            var options = (IwolOptions)context.ObjectInstance;
            var member = new[] { context.MemberName! };
            return (value as string[])?.FirstOrDefault(a => !IPAddress.TryParse(a, out _)) is { } wrong
                    ? new ValidationResult($"'{wrong}' is no address.", member)
                : options.Answer == IwolAnswer.StopAddress && options.StopAddresses.Length == 0
                    ? new ValidationResult("Answer StopAddress needs at least one of StopAddresses.", member)
                : options.Answer == IwolAnswer.StopName && options.StopName.Length == 0
                    ? new ValidationResult("Answer StopName needs StopName.", member) : null;
        }
    }
}
