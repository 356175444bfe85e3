using System.Net.Sockets;
using CPort.Actors.Exchange;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace CPort.Node.Adapters;

/// <summary>Hands mails over by SMTP, one connection each: they are few.</summary>
internal sealed class MailSender(MailOptions options, TimeProvider time) : IMailSender
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public async Task<bool> SendAsync(Mail mail, CancellationToken cancellation)
    {
        if (!MailboxAddress.TryParse(mail.To, out var to))
        {
            return false;
        }

        var from = MailboxAddress.Parse(options.From!);
        using var message = new MimeMessage
        {
            Subject = mail.Subject, Date = time.GetUtcNow(), MessageId = $"{Guid.NewGuid():N}@{from.Domain}",
            Body = new TextPart(MimeKit.Text.TextFormat.Plain) { Text = mail.Text },
        };
        message.From.Add(from);
        message.To.Add(to);

        // No automatic answer comes back (RFC 3834).
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        message.Headers.Add(HeaderId.ContentLanguage, mail.Language);
        using var smtp = new SmtpClient { Timeout = (int)Patience.TotalMilliseconds };
        try
        {
            await smtp.ConnectAsync(
                options.Host!, options.Port, options.Security switch
                {
                    MailSecurity.Tls => SecureSocketOptions.SslOnConnect,
                    MailSecurity.StartTls => SecureSocketOptions.StartTls,
                    _ => SecureSocketOptions.None,
                }, cancellation);
            if (options.UserName is { Length: > 0 } user)
            {
                await smtp.AuthenticateAsync(user, options.Password ?? "", cancellation);
            }

            await smtp.SendAsync(message, cancellation);
            await smtp.DisconnectAsync(quit: true, cancellation);
            return true;
        }
        catch (SmtpCommandException e) when (
            e.ErrorCode is SmtpErrorCode.RecipientNotAccepted or SmtpErrorCode.MessageNotAccepted && (int)e.StatusCode >= 500)
        {
            return false;
        }
        catch (Exception e) when (e is ProtocolException or CommandException or SslHandshakeException or AuthenticationException or SocketException
            or IOException or TimeoutException or NotSupportedException or ServiceNotConnectedException)
        {
            // Servers repeat addresses in what they say: only the kind is told.
            throw new MailServerException(e is SmtpCommandException { StatusCode: var code } ? $"the mail server says {(int)code}" : e.GetType().Name, e);
        }
    }
}
