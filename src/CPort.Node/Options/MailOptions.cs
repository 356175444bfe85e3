using System.ComponentModel.DataAnnotations;
using System.Net.Mail;

namespace CPort.Node.Options;

/// <summary>How the connection to the mail server is kept from others.</summary>
public enum MailSecurity
{
    /// <summary>TLS from the first byte (port 465).</summary>
    Tls,

    /// <summary>TLS after STARTTLS, or no mail.</summary>
    StartTls,

    /// <summary>Not at all; only to this machine.</summary>
    None,
}

/// <summary>Mails to people who want some (docs/operations.md). They hold counts and a link.</summary>
public sealed class MailOptions
{
    /// <summary>The mail server; left out: no mails.</summary>
    [Host]
    public string? Host { get; set; }

    [Between(1, 65_535)]
    public int Port { get; set; } = 587;

    public MailSecurity Security { get; set; } = MailSecurity.StartTls;

    /// <summary>The sender's address; needed with a server.</summary>
    [MailAddress]
    public string? From { get; set; }

    /// <summary>Left out: the server asks for none.</summary>
    public string? UserName { get; set; }
    public string? Password { get; set; }

    /// <summary>Minutes between two mails about something urgent to one agency's people.</summary>
    [Between(1, 24 * 60)]
    public int MinutesApart { get; set; } = 5;

    /// <summary>The hour, UTC, from which the daily mail is sent.</summary>
    [Between(0, 23)]
    public int DailyHour { get; set; } = 6;

    internal bool IsOn => !string.IsNullOrEmpty(Host);

    [AttributeUsage(AttributeTargets.Property)]
    private sealed class MailAddressAttribute : ValidationAttribute
    {
        protected override ValidationResult? IsValid(object? value, ValidationContext context) =>
            value is string { Length: > 0 } address && !MailAddress.TryCreate(address, out _)
                ? new ValidationResult("not a mail address.", [context.MemberName!]) : null;
    }
}
