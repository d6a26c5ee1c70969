using System.Net.Sockets;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace ModelRegistry.Notices;

/// <summary>Hands mail over to the operator's mail server, by MailKit.</summary>
internal sealed class MailPost(MailServer server)
{
    /// <summary>The port where TLS begins with the first byte (RFC 8314, section 3.3); on others it is asked for (STARTTLS).</summary>
    private const int Submissions = 465;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // 4xx and what is wrong with the connection pass; these say something about the mailbox.
    private static readonly SmtpStatusCode[] ForGood = [SmtpStatusCode.MailboxUnavailable, SmtpStatusCode.MailboxNameNotAllowed, SmtpStatusCode.UserNotLocalTryAlternatePath];

    /// <summary>One attempt, of at most twenty seconds.</summary>
    public async Task<Sent> SendAsync(string address, MailText mail, string messageId, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            using var message = Message(address, mail, messageId);
            using var client = new SmtpClient();
            await client.ConnectAsync(server.Host, server.Port, !server.Encrypted ? SecureSocketOptions.None : server.Port == Submissions ? SecureSocketOptions.SslOnConnect : SecureSocketOptions.StartTls, patience.Token);
            if (server.User is not null)
                await client.AuthenticateAsync(server.User, server.Password ?? "", patience.Token);
            await client.SendAsync(message, patience.Token);
            await client.DisconnectAsync(quit: true, patience.Token);
            return new Sent(Answer.Taken, "accepted");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new Sent(Answer.Failed, $"the mail server did not answer within {Patience.TotalSeconds:0} s");
        }
        catch (SmtpCommandException e)
        {
            return new Sent(e.ErrorCode == SmtpErrorCode.RecipientNotAccepted && ForGood.Contains(e.StatusCode) ? Answer.Refused : Answer.Failed, $"status {(int)e.StatusCode}");
        }
        catch (AuthenticationException)
        {
            return new Sent(Answer.Failed, "the mail server does not take the user and password");
        }
        catch (Exception e) when (e is SslHandshakeException or NotSupportedException)
        {
            return new Sent(Answer.Failed, "TLS failed");
        }
        catch (Exception e) when (e is ServiceNotConnectedException or ProtocolException or IOException or SocketException)
        {
            return new Sent(Answer.Failed, "the mail server cannot be reached, or the connection broke");
        }
    }

    private MimeMessage Message(string address, MailText mail, string messageId)
    {
        var message = new MimeMessage
        {
            Subject = mail.Subject,
            Body = new TextPart("plain") { Text = mail.Body },
            MessageId = $"{messageId}@{server.From[(server.From.IndexOf('@', StringComparison.Ordinal) + 1)..]}",
        };
        message.From.Add(new MailboxAddress("Model registry", server.From));
        message.To.Add(new MailboxAddress("", address));
        message.Headers.Add("Auto-Submitted", "auto-generated");
        return message;
    }
}
