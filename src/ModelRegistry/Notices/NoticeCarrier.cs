using ModelRegistry.Storage;

namespace ModelRegistry.Notices;

/// <summary>Carries a message to where it is to go: a webhook or a mailbox.</summary>
internal sealed class NoticeCarrier(WebhookPost webhooks, MailPost? mail)
{
    /// <summary>Whether there is a way to this endpoint: without a mail server there is none to a mailbox.</summary>
    public bool Reaches(StoredEndpoint endpoint) => endpoint.IsWebhook || mail is not null;

    /// <summary>One attempt.</summary>
    public Task<Sent> SendAsync(StoredEndpoint endpoint, Notice notice, CancellationToken cancel) => endpoint.IsWebhook
        ? webhooks.SendAsync(endpoint.Address, endpoint.Secret, notice, cancel)
        : mail!.SendAsync(endpoint.Address, MailText.Of(notice), $"{notice.Id}.{endpoint.Id}", cancel);
}
