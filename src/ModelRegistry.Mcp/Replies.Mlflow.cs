using System.Text.Json;
using ModelRegistry.Domain;
using ModelRegistry.Mlflow;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mcp;

internal static partial class Replies
{
    /// <summary>
    /// A no as MLflow's clients know it: <c>error_code</c> and <c>message</c>, and beside them the code and remedy that every face
    /// gives. They try again after 408, 429 and most of 5xx, so none of these is used for what will not change by itself.
    /// </summary>
    /// <param name="model">The model that was named, and <paramref name="version"/> its version: their texts name both.</param>
    public static Task MlflowAsync(HttpContext http, Refusal refusal, string? model = null, string? version = null)
    {
        FaceMeter.Refused(refusal, "mlflow");
        Hint(http, refusal);
        var (status, errorCode) = MlflowSign(refusal);
        http.Response.StatusCode = status;
        return JsonAsync(http, JsonSerializer.SerializeToUtf8Bytes(new { ErrorCode = errorCode, Message = MlflowMessage(refusal, model, version), refusal.Code, refusal.Remedy }, Json));
    }

    public static Task MlflowAsync<T>(HttpContext http, Outcome<T> outcome, Func<T, object> reply, string? model, string? version) =>
        outcome.Refusal is { } no ? MlflowAsync(http, no, model, version) : JsonAsync(http, JsonSerializer.SerializeToUtf8Bytes(reply(outcome.Value), Json));

    /// <summary>
    /// A move that is done; or that waits, or that the gates stopped: 403, since anything else reads as done, or is tried again. Asked
    /// again it is the same promotion, and once that is applied the answer is yes.
    /// </summary>
    public static Task MlflowMovedAsync(HttpContext http, Outcome<MlflowMoveView> outcome, Func<MlflowMoveView, object> reply, string? model, string? version)
    {
        if (outcome.Refusal is not null || outcome.Value.Waiting is not { } promotion)
            return MlflowAsync(http, outcome, reply, model, version);
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        return JsonAsync(http, JsonSerializer.SerializeToUtf8Bytes(new
        {
            ErrorCode = "PERMISSION_DENIED",
            Message = MlflowMessage(promotion),
            Code = $"promotion_{promotion.Status}",
            Remedy = promotion.Next,
            promotion.PromotionId,
            promotion.Status,
            promotion.ApproveUrl,
            Promotion = promotion,
        }, Json));
    }

    private static string MlflowMessage(PromotionView promotion)
    {
        var what = $"version {promotion.Version} of '{promotion.ModelName}' to {promotion.ToStage}";
        return promotion.PromotionId is null
            ? $"The policy stops {what}: {string.Join("; ", promotion.Gates.Where(g => g.Verdict == "fail").Select(g => $"{g.Rule} is {g.Measured}, {g.Threshold} is needed"))}. {promotion.Next}"
            : $"Promotion {promotion.PromotionId} of {what} is {promotion.Status}.{(promotion.ApproveUrl is { } url ? $" A person decides at {url}." : "")} {promotion.Next}";
    }

    // In the words that clients and their users look for.
    private static string MlflowMessage(Refusal refusal, string? model, string? version) => refusal.Code switch
    {
        "model_not_found" when model is not null => $"Registered Model with name={model} not found",
        "version_not_found" when model is not null && version is not null => $"Model Version (name={model}, version={version}) not found",
        "model_exists" when model is not null => $"Registered Model (name={model}) already exists.",
        // Their texts are whole by themselves.
        "parameter_missing" or "version_not_integer" or "alias_not_found" or "mlflow_stage_invalid" or "alias_reserved" => refusal.Message,
        _ => $"{refusal.Message} {refusal.Remedy}",
    };

    private static (int Http, string ErrorCode) MlflowSign(Refusal refusal) => refusal.Kind switch
    {
        RefusalKind.Invalid or RefusalKind.WrongType => (400, "INVALID_PARAMETER_VALUE"),
        RefusalKind.NotFound when refusal.Code == "path_not_found" => (404, "ENDPOINT_NOT_FOUND"),
        RefusalKind.NotFound => (404, "RESOURCE_DOES_NOT_EXIST"),
        RefusalKind.Conflict when refusal.Code == "model_exists" => (400, "RESOURCE_ALREADY_EXISTS"),
        RefusalKind.Conflict or RefusalKind.Outdated or RefusalKind.Unproven => (409, "RESOURCE_CONFLICT"),
        RefusalKind.Forbidden or RefusalKind.PolicyUnmet => (403, "PERMISSION_DENIED"),
        RefusalKind.Unauthenticated => (401, "UNAUTHENTICATED"),
        RefusalKind.Limited => (429, "REQUEST_LIMIT_EXCEEDED"),
        RefusalKind.TooLarge => (413, "INVALID_PARAMETER_VALUE"),
        RefusalKind.WrongMethod => (405, "ENDPOINT_NOT_FOUND"),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>Whether an address is one of MLflow's.</summary>
    private static bool IsMlflow(HttpContext http) => http.Request.Path.StartsWithSegments("/api/2.0") || http.Request.Path.StartsWithSegments("/ajax-api/2.0");
}
