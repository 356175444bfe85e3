using System.ComponentModel.DataAnnotations;
using CPort.Actors.Audit;
using CPort.Domain.Audit;

namespace CPort.Node.Options;

/// <summary>The audit log.</summary>
public sealed class AuditOptions
{
    /// <summary>
    /// What the log's name begins with; the database's own id follows after a slash. By it everybody knows the log's signatures: a name of the operator's own,
    /// without scheme and blanks. A log that is made keeps the name it was made with.
    /// </summary>
    [Required(ErrorMessage = "a name is needed.")]
    [RegularExpression(@"\A[A-Za-z0-9._/-]{1,150}\z", ErrorMessage = "letters, digits, dots, hyphens and slashes.")]
    public string Origin { get; set; } = "cport.example/audit";

    /// <summary>
    /// Who else signs the log's checkpoints (C2SP tlog-witness): of each the public key that it says at its start (<c>cport audit witness</c>), a blank, and
    /// its address. A list, or one value with commas.
    /// </summary>
    [Witnesses]
    public string[] Witnesses { get; set; } = [];

    /// <summary>Each witness is asked this often, in seconds, at most.</summary>
    [Between(1, 86_400)]
    public int WitnessEverySeconds { get; set; } = 60;

    /// <summary>Seconds that a witness has to answer.</summary>
    [Between(1, 120)]
    public int WitnessSeconds { get; set; } = 10;

    internal IReadOnlyList<AuditWitness> Read() => [.. Witnesses.Select(w => Read(w)!)];

    private static AuditWitness? Read(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var key, var address] && CosignatureVerifier.TryParse(key, out var verifier)
        && Uri.TryCreate(address.TrimEnd('/') + "/", UriKind.Absolute, out var url) && (url.Scheme is "https" or "http") && url.UserInfo.Length == 0
            ? new AuditWitness(verifier, url) : null;

    [AttributeUsage(AttributeTargets.Property)]
    private sealed class WitnessesAttribute : ValidationAttribute
    {
        protected override ValidationResult? IsValid(object? value, ValidationContext context)
        {
            var all = (value as string[] ?? []).Select(Read).ToArray();
            return Array.IndexOf(all, null) is >= 0 and var wrong
                    ? new ValidationResult(
                        $"number {wrong + 1} is not a witness's public key (name+hash+key), a blank, and an http address.", [context.MemberName!])
                : all.Select(w => w!.Name).Distinct().Count() < all.Length
                    ? new ValidationResult("two witnesses have one name.", [context.MemberName!])
                : null;
        }
    }
}
