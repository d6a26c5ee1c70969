using System.Text.RegularExpressions;

namespace ModelRegistry.Domain;

/// <summary>
/// E-mail addresses as they are taken: plain ASCII <c>local@domain</c> (RFC 5321), without display name, quotes, comments or
/// address literals. What is not allowed here can be no second header, no second recipient and no look-alike.
/// </summary>
public static partial class MailAddressText
{
    public static Outcome<string> Read(string? text) => text is { Length: <= 254 } && Pattern().IsMatch(text) ? text : Refusals.MailAddressInvalid(text);

    [GeneratedRegex(@"\A(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z")]
    private static partial Regex Pattern();
}
