using System.ComponentModel.DataAnnotations;

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
}
