using System.Text.Json.Serialization;
using ModelRegistry.Promotions;

namespace ModelRegistry.Mlflow;

/// <summary>A tag as MLflow writes it.</summary>
public sealed record MlflowTag(string Key, string Value);

/// <summary>An alias of a model, with the number of the version that it points at.</summary>
public sealed record MlflowAlias(string Alias, string Version);

/// <summary>A version as MLflow's clients read it.</summary>
/// <param name="Version">Its number, as text.</param>
/// <param name="CreationTimestamp">Milliseconds since 1970, as every time here.</param>
/// <param name="CurrentStage">None, Staging, Production or Archived.</param>
/// <param name="Description">What this registry calls release notes.</param>
/// <param name="Source">Where it came from, as it was registered; where its files lie now is asked for by itself.</param>
/// <param name="Status">Always READY: a version is there with its content, or is not there.</param>
public sealed record MlflowVersionView(
    string Name,
    string Version,
    long CreationTimestamp,
    long LastUpdatedTimestamp,
    string UserId,
    string CurrentStage,
    string Description,
    string Source,
    string RunId,
    string Status,
    string StatusMessage,
    IReadOnlyList<MlflowTag> Tags,
    string RunLink,
    IReadOnlyList<string> Aliases,
    string ModelId);

/// <summary>A registered model as MLflow's clients read it.</summary>
/// <param name="LatestVersions">The highest of each stage that has one, highest first.</param>
public sealed record MlflowModelView(
    string Name,
    long CreationTimestamp,
    long LastUpdatedTimestamp,
    string Description,
    IReadOnlyList<MlflowVersionView> LatestVersions,
    IReadOnlyList<MlflowTag> Tags,
    IReadOnlyList<MlflowAlias> Aliases);

public sealed record MlflowModelsView(IReadOnlyList<MlflowModelView> RegisteredModels, string NextPageToken);

public sealed record MlflowVersionsView(IReadOnlyList<MlflowVersionView> ModelVersions, string NextPageToken);

/// <summary>What a request to move a stage or a governed alias came to.</summary>
/// <param name="Waiting">The promotion that is not applied; null where it is done.</param>
/// <param name="Version">The version as it stands now.</param>
public sealed record MlflowMoveView(PromotionView? Waiting, MlflowVersionView Version);

/// <summary>One step below a folder of the artifact proxy.</summary>
/// <param name="Path">Its own name, without the folder's.</param>
/// <param name="FileSize">Bytes; null, and not written, for a folder: clients take what is written for a number.</param>
public sealed record MlflowFileView(string Path, bool IsDir, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? FileSize);

/// <summary>An event that a webhook is told of, such as MODEL_VERSION and CREATED.</summary>
public sealed record MlflowEventView(string Entity, string Action);

/// <summary>A webhook as MLflow's clients read it, never with its secret.</summary>
/// <param name="Status">ACTIVE, or DISABLED: it is told nothing.</param>
public sealed record MlflowWebhookView(string WebhookId, string Name, string Description, string Url, IReadOnlyList<MlflowEventView> Events, string Status, long CreationTimestamp, long LastUpdatedTimestamp);

public sealed record MlflowWebhooksView(IReadOnlyList<MlflowWebhookView> Webhooks, string NextPageToken);

/// <summary>What a test of a webhook came to.</summary>
/// <param name="ResponseBody">Always empty.</param>
public sealed record MlflowWebhookTestView(bool Success, int? ResponseStatus, string ResponseBody, string? ErrorMessage);
