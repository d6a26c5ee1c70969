using ModelRegistry.Catalog;
using ModelRegistry.Domain;

namespace ModelRegistry.Mcp.Rest;

/// <summary>Making models and versions, and editing what is known about them. Nothing is promoted by it.</summary>
internal static class VersionRoutes
{
    private const string Patch = "PATCH", Delete = "DELETE";

    public static void Map(RestRoutes routes)
    {
        routes.Post("/models", "Makes a model.", call => NewModelOf(call, call.Given.Need("name")), CreateAsync, RestReply.CreatedModel);
        routes.Change(Patch, "/models/{model}", "Edits what is known about a model; what is left out stays, and a tag that is null goes.", EditOf, (call, edit) => call.Registry.Metadata.SetAsync(call.By, edit, call.Cancel), RestReply.Edited);
        routes.Change(Patch, "/models/{model}/versions/{version}", "Edits what is known about a version; its content never changes.", EditOf, (call, edit) => call.Registry.Metadata.SetAsync(call.By, edit, call.Cancel), RestReply.Edited);
        routes.Change(Delete, "/models/{model}", "Deletes a model: its name becomes free, its history stays.", call => (Reason: call.Given.Text("reason"), Seen: call.IfRevision()),
            (call, asked) => call.Registry.Metadata.DeleteModelAsync(call.By, call.Of("model"), asked.Reason, asked.Seen, call.Cancel));
        routes.Change(Delete, "/models/{model}/versions/{version}", "Deletes a version: its number and label are never given again, its history stays.", call => (Reason: call.Given.Text("reason"), Seen: call.IfRevision()),
            (call, asked) => call.Registry.Metadata.DeleteVersionAsync(call.By, call.Of("model"), call.Of("version"), asked.Reason, asked.Seen, call.Cancel));

        routes.Stream(["POST"], "/models/{model}/versions", "Registers a version.", StreamShapes.Registration(named: false), call => RegisterAsync(call, call.Of("model")));
        // The short forms, with the model's name in the body.
        routes.Stream(["POST"], "/models/version", "Registers a version of the model that the body names.", StreamShapes.Registration(named: true), call => RegisterAsync(call, null));
        routes.Stream(["POST"], "/models/register", "Registers a version of the model that the body names.", StreamShapes.Registration(named: true), call => RegisterAsync(call, null));
    }

    private static NewModel NewModelOf(RestCall call, string name) => new(name, call.Given.Text("description"), call.Given.Text("model_type") ?? call.Given.Text("task"), call.Given.Text("owner"), call.Given.Text("card"),
        call.Given.Choice("versioning", false, "auto", "semver") is { } scheme ? Enum.Parse<Versioning>(scheme, ignoreCase: true) : null, Set(call));

    // Whatever is said of a model or a version: what belongs to the other is the use case's to refuse.
    private static MetadataEdit EditOf(RestCall call) => new(call.Of("model"))
    {
        IfRevision = call.IfRevision(), Version = call.Of("version"), NewName = call.Given.Text("name"), Description = call.Given.Blank("description"), Task = call.Given.Blank("model_type") ?? call.Given.Blank("task"), Owner = call.Given.Blank("owner"),
        IsActive = call.Given.Flag("is_active"), Card = call.Given.Blank("card"), CardFrom = call.Given.Text("card_from"), Tags = Set(call), RemoveTags = Removed(call), RemoveAliases = call.Given.Texts("remove_aliases"), Metrics = call.Given.Numbers("metrics") ?? [],
        Alias = call.Given.Text("alias"), ReleaseNotes = call.Given.Blank("release_notes"), Dataset = call.Given.Blank("dataset"), CodeCommit = call.Given.Blank("code_commit"), Deprecated = call.Given.Flag("deprecated"),
        Framework = call.Given.Blank("framework"), Dependencies = call.Given.List("dependencies"), Hyperparameters = call.Given.Tree("hyperparameters"), Signature = call.Given.Tree("signature"), Lineage = call.Given.Tree("lineage"),
    };

    private static Dictionary<string, string> Set(RestCall call) => (call.Given.Pairs("tags") ?? []).Where(t => t.Value is not null).ToDictionary(t => t.Key, t => t.Value!);

    /// <summary>Tags that are said to be null.</summary>
    private static string[] Removed(RestCall call) => [.. (call.Given.Pairs("tags") ?? []).Where(t => t.Value is null).Select(t => t.Key)];

    private static async Task<Outcome<ModelInfoView>> CreateAsync(RestCall call, NewModel wish)
    {
        var made = await call.Registry.Metadata.CreateModelAsync(call.By, wish, call.Cancel);
        return made.Refusal is { } no ? no : await call.Registry.Catalog.GetAsync(call.By, made.Value.ModelName, null, call.Cancel);
    }

    /// <summary>With its files in the form, or as JSON that refers to contents put before.</summary>
    private static async Task RegisterAsync(RestCall call, string? model)
    {
        var wish = VersionParts.IsForm(call.Http.Request) ? await VersionParts.ReadAsync(call, model) : await ReadJsonAsync(call, model);
        var by = wish.Refusal is { } unread ? unread : RequestKeys.Of(call.Http, call.By, wish.Value.Asked);
        var registered = by.Refusal is { } no ? no : await call.Registry.Intake.RegisterAsync(by.Value, wish.Value.Registration, null, call.Cancel);
        if (registered.Refusal is null)
            call.Http.Response.Headers.Location = $"/models/{Uri.EscapeDataString(registered.Value.ModelName)}/versions/{Uri.EscapeDataString(registered.Value.Version)}";
        await Replies.CreatedAsync(call.Http, registered);
    }

    private static async Task<Outcome<RegistrationForm>> ReadJsonAsync(RestCall call, string? model)
    {
        var body = await RestBody.ReadAsync(call.Http);
        if (body.Refusal is { } unread)
            return unread;
        model ??= body.Value.Need("model_name");
        var document = body.Value.Document();
        document.Remove("model_name");
        var asked = RegistrationForm.DigestOf(model, document, []);
        return body.Value.Problem is { } misfit ? misfit : VersionForm.Read(model, document, []).Then<RegistrationForm>(wish => new RegistrationForm(wish, asked));
    }
}
