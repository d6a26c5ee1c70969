using System.ComponentModel;
using System.Text.Json;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace ModelRegistry.Mcp.Tests.Conformance;

/// <summary>Prompts and resources of the suites.</summary>
internal static class ReadingFixtures
{
    [McpServerPrompt(Name = "test_simple_prompt"), Description("A prompt without arguments.")]
    public static string SimplePrompt() => "This is a simple prompt for testing.";

    [McpServerPrompt(Name = "test_prompt_with_arguments"), Description("A prompt that repeats its arguments.")]
    public static string PromptWithArguments([Description("First test argument")] string arg1, [Description("Second test argument")] string arg2) =>
        $"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'";

    [McpServerPrompt(Name = "test_prompt_with_embedded_resource"), Description("A prompt that carries a resource.")]
    public static PromptMessage[] PromptWithResource([Description("URI of the resource")] string resourceUri) =>
        [Says(ContentFixtures.Embedded(resourceUri, "text/plain", "Embedded resource content for testing.")), Says("Please process the embedded resource above.")];

    [McpServerPrompt(Name = "test_prompt_with_image"), Description("A prompt that carries an image.")]
    public static PromptMessage[] PromptWithImage() => [Says(ContentFixtures.Image()), Says("Please analyze the image above.")];

    [McpServerResource(UriTemplate = "test://static-text", Name = "static-text", MimeType = "text/plain"), Description("A text.")]
    public static string StaticText() => "This is the content of the static text resource.";

    [McpServerResource(UriTemplate = "test://static-binary", Name = "static-binary", MimeType = "image/png"), Description("An image.")]
    public static BlobResourceContents StaticBinary() => BlobResourceContents.FromBytes(ContentFixtures.Image().DecodedData, "test://static-binary", "image/png");

    [McpServerResource(UriTemplate = "test://watched-resource", Name = "watched-resource", MimeType = "text/plain"), Description("A text to subscribe to.")]
    public static string Watched() => "Nothing has happened yet.";

    [McpServerResource(UriTemplate = "test://template/{id}/data", Name = "template", MimeType = "application/json"), Description("Data by id.")]
    public static TextResourceContents Template(string id) => new()
    {
        Uri = $"test://template/{id}/data",
        MimeType = "application/json",
        Text = JsonSerializer.Serialize(new { id, templateTest = true, data = $"Data for ID: {id}" }),
    };

    private static PromptMessage Says(ContentBlock content) => new() { Role = Role.User, Content = content };

    private static PromptMessage Says(string text) => Says(new TextContentBlock { Text = text });
}
