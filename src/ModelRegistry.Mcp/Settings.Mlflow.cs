using ModelRegistry.Mlflow.Sites;

namespace ModelRegistry.Mcp;

/// <summary>The tracking server that versions may be registered from.</summary>
internal sealed partial record Settings
{
    private const string Tracking = "mlflow-tracking", TrackingToken = Tracking + "-token", TrackingUser = Tracking + "-username", TrackingPassword = Tracking + "-password";

    // The credentials are no options: a command line can be read by others.
    private static MlflowTracking? ReadTracking(Dictionary<string, string> said, Dictionary<string, string> bad)
    {
        var (token, user, password) = (said.GetValueOrDefault(TrackingToken), said.GetValueOrDefault(TrackingUser), said.GetValueOrDefault(TrackingPassword));
        if (user is null != password is null)
            bad[user is null ? TrackingUser : TrackingPassword] = "goes with the other";
        if (token is not null && user is not null)
            bad[TrackingToken] = "is instead of a name and a password";
        if (!said.TryGetValue(Tracking, out var text))
            return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url is not { Scheme: "http" or "https", Query: "", Fragment: "", UserInfo: "" })
        {
            bad[Tracking] = "an address such as https://mlflow.example.org, without a name, a password or a query in it";
            return null;
        }
        return new MlflowTracking(url, new MlflowCredential(token, user, password));
    }
}
