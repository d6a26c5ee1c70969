using ModelRegistry.Storage;

namespace ModelRegistry.Notices;

/// <summary>Carries a message to where it is to go: a webhook or a mailbox.</summary>
internal sealed class NoticeCarrier(WebhookPost webhooks, MailPost? mail)
{
    /// <summary>Whether there is a way to this endpoint: without a mail server there is none to a mailbox.</summary>
    public bool Reaches(StoredEndpoint endpoint) => endpoint.IsWebhook || mail is not null;

    /// <summary>One attempt. Of several messages only those are sent that the receiver has not taken yet; what it does not take ends the attempt.</summary>
    /// <param name="goesOn">Asked before each message but the first.</param>
    /// <returns>Null where there are more messages to send, another time.</returns>
    public async Task<Sent?> SendAsync(StoredEndpoint endpoint, WaitingNotice waiting, Func<bool> goesOn, CancellationToken cancel)
    {
        var notice = waiting.Notice;
        if (!endpoint.IsWebhook)
            return await mail!.SendAsync(endpoint.Address, MailText.Of(notice), $"{notice.Id}.{endpoint.Id}", cancel);
        var messages = notice.For(endpoint);
        for (var sent = new Sent(Answer.Taken, "nothing to tell"); ;)
        {
            if (waiting.Taken >= messages.Count)
                return sent;
            sent = await webhooks.SendAsync(endpoint, messages[waiting.Taken], cancel);
            if (sent.Answer != Answer.Taken)
                return sent;
            waiting.Taken++;
            if (waiting.Taken < messages.Count && !goesOn())
                return null;
        }
    }
}
