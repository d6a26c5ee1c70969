using System.Net;
using System.Net.Mail;
using System.Net.Mime;
using System.Net.Sockets;
using System.Text;

namespace ModelRegistry.Notices;

/// <summary>
/// Sends mail by the framework's own client: it speaks submission with STARTTLS, which is all that is needed here. It
/// knows no TLS from the first byte (port 465), so that settings do not take that port.
/// </summary>
internal sealed class MailPost(MailServer server)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // 4xx and what is wrong with the connection pass; these say something about the mailbox.
    private static readonly SmtpStatusCode[] ForGood = [SmtpStatusCode.MailboxUnavailable, SmtpStatusCode.MailboxNameNotAllowed, SmtpStatusCode.UserNotLocalTryAlternatePath];

    /// <summary>One attempt, of at most twenty seconds.</summary>
    public async Task<Sent> SendAsync(string address, MailText mail, string messageId, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        using var client = new SmtpClient(server.Host, server.Port) { EnableSsl = server.Encrypted, UseDefaultCredentials = false };
        if (server.User is not null)
            client.Credentials = new NetworkCredential(server.User, server.Password);
        var plain = Ascii.IsValid(mail.Body);
        try
        {
            using var message = new MailMessage(new MailAddress(server.From, "Model registry"), new MailAddress(address))
            {
                Subject = mail.Subject,
                Body = mail.Body.ReplaceLineEndings("\r\n"),
                SubjectEncoding = Encoding.ASCII,
                // Readable as it stands, where it can be: a link under a name in another script cannot.
                BodyEncoding = plain ? Encoding.ASCII : Encoding.UTF8,
                BodyTransferEncoding = plain ? TransferEncoding.SevenBit : TransferEncoding.Base64,
            };
            message.Headers.Add("Message-ID", $"<{messageId}@{server.From[(server.From.IndexOf('@') + 1)..]}>");
            message.Headers.Add("Auto-Submitted", "auto-generated");
            await client.SendMailAsync(message, patience.Token);
            return new Sent(Answer.Taken, "accepted");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new Sent(Answer.Failed, $"the mail server did not answer within {Patience.TotalSeconds:0} s");
        }
        catch (SmtpFailedRecipientException e) when (ForGood.Contains(e.StatusCode))
        {
            return new Sent(Answer.Refused, $"status {(int)e.StatusCode}");
        }
        catch (SmtpException e)
        {
            return new Sent(Answer.Failed, e.StatusCode == SmtpStatusCode.GeneralFailure ? "the mail server cannot be reached, or TLS failed" : $"status {(int)e.StatusCode}");
        }
        catch (Exception e) when (e is IOException or SocketException or System.Security.Authentication.AuthenticationException)
        {
            return new Sent(Answer.Failed, "the connection to the mail server broke");
        }
    }
}
