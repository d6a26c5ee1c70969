using System.Text.RegularExpressions;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Mlflow;

/// <summary>One request of an MLflow client.</summary>
/// <param name="By">Who it is from.</param>
/// <param name="Given">What was sent.</param>
/// <param name="Here">The address under which the client reaches this server, with no slash at its end.</param>
internal sealed partial record MlflowCall(HttpContext Http, RegistryServices Registry, Actor By, MlflowFields Given, string Here)
{
    public CancellationToken Cancel => Http.RequestAborted;

    /// <summary>
    /// The address for links: the published one, or else the one that was asked for. A proxy that takes a part off the front of the
    /// path says so (<c>X-Forwarded-Prefix</c>); whoever sends it without one only misleads themselves.
    /// </summary>
    public static string AddressOf(HttpRequest request, Uri? published)
    {
        var root = published?.GetLeftPart(UriPartial.Authority) ?? $"{request.Scheme}://{request.Host}";
        return request.Headers["X-Forwarded-Prefix"] is [{ } prefix] && PrefixPattern().IsMatch(prefix) ? root + prefix.TrimEnd('/') : root;
    }

    [GeneratedRegex(@"\A(/[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,63}){1,8}/?\z")]
    private static partial Regex PrefixPattern();
}
