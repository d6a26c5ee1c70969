using System.Text.Json;
using ModelRegistry.Domain;
using ModelRegistry.Mcp.Cli;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp;

internal static partial class Replies
{
    private static JsonSerializerOptions? _indented;

    /// <summary>The exit code of a request to move something: whoever scripts it must not take "waiting" for "done".</summary>
    public static int SignOf(PromotionView promotion) => promotion.Status switch
    {
        "applied" or "approved" => Exit.Done,
        "pending" => Exit.Parked,
        "blocked" => Exit.PolicyUnmet,
        _ => Exit.Conflict,
    };

    /// <summary>A no on the command line: code, message and remedy on stderr, and the exit code of its kind.</summary>
    public static int Tell(TextWriter err, Refusal refusal)
    {
        err.WriteLine(VisibleText.Line($"{refusal.Code}: {refusal.Message}"));
        if (refusal.Remedy.Length > 0)
            err.WriteLine(VisibleText.Line(refusal.Remedy));
        return Sign(refusal.Kind).Exit;
    }

    /// <summary>A view as JSON that is safe to look at.</summary>
    public static string Text<T>(T view) => VisibleText.Json(JsonSerializer.Serialize(view, _indented ??= new JsonSerializerOptions(Json) { WriteIndented = true }));

    /// <summary>An outcome on the command line: the view as JSON or as a sheet on stdout, or the refusal on stderr.</summary>
    /// <param name="sign">The exit code of a view; null: 0.</param>
    /// <param name="talk">A sentence for stderr that goes with a sheet.</param>
    public static int Answer<T>(Surroundings around, bool json, Outcome<T> outcome, Func<T, Sheet> draw, Func<T, int>? sign = null, Func<T, string?>? talk = null)
    {
        if (outcome.Refusal is { } refusal)
            return Tell(around.Err, refusal);
        var view = outcome.Value;
        if (json)
        {
            around.Out.WriteLine(Text(view));
        }
        else
        {
            around.Out.Write(draw(view).Render(around.FancyOut, around.Width));
            if (talk?.Invoke(view) is { Length: > 0 } sentence)
                around.Err.WriteLine(VisibleText.Line(sentence));
        }
        return sign?.Invoke(view) ?? Exit.Done;
    }
}
