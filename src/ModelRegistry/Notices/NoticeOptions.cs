namespace ModelRegistry;

/// <summary>How people are told what happened.</summary>
public sealed record NoticeOptions
{
    /// <summary>Whether webhooks may go to private and loopback addresses. Never to link-local or metadata ones.</summary>
    public bool PrivateWebhooks { get; init; }

    /// <summary>The mail server; null: no mail is sent.</summary>
    public MailServer? Mail { get; init; }

    /// <summary>How old an event may become before a delivery that fails is given up.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromDays(3);
}

/// <summary>A mail server (SMTP submission) and the sender that mail has.</summary>
/// <param name="Encrypted">Whether STARTTLS is demanded. A server that does not offer it then gets nothing.</param>
/// <param name="From">The sender's address.</param>
public sealed record MailServer(string Host, int Port, bool Encrypted, string? User, string? Password, string From)
{
    /// <summary>Never the password: records are printed whole.</summary>
    public override string ToString() => $"{Host}:{Port}";
}
