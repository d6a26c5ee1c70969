using Amazon.S3.Model;
using ModelRegistry.Catalog;
using ModelRegistry.Mlflow;
using Xunit;
using static ModelRegistry.Tests.TestRegistry;

namespace ModelRegistry.Tests.Mlflow;

/// <summary>Versions whose files an MLflow client has put into the registry's own bucket.</summary>
public sealed class MlflowBucketTests(S3Server server)
{
    [Fact]
    public async Task What_lies_under_the_source_in_the_registrys_bucket_becomes_the_content_and_what_does_not_is_unverified()
    {
        var bucket = await server.NewBucketAsync();
        var folder = Directory.CreateTempSubdirectory("registry-test-").FullName;
        try
        {
            await using var services = Ok(await RegistryServices.OpenAsync(new RegistryOptions
            {
                DataFolder = folder, DataFolderNamed = true, Policy = "open", Artifacts = $"s3://{bucket}/registry", S3 = server.Options with { References = ["runs/"] },
            }, TimeProvider.System));
            using (var client = server.Connect())
                foreach (var key in (string[])["runs/7/model/MLmodel", "runs/7/model/data/weights.bin", "runs/7/model-2/other.bin", "runs/7/alone.bin", "private/model/secret.bin"])
                    await client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = key, ContentBody = key });
            Ok(await services.Metadata.CreateModelAsync(Robot, new NewModel("digits")));
            async Task<string[]> PathsAsync(string source)
            {
                var version = Ok(await services.Mlflow.CreateVersionAsync(Robot, new MlflowRegistration("digits", source, "http://localhost", "", "", "", "", new Dictionary<string, string>())));
                return version.Tags.Any(t => t.Value == "unverified") ? ["unverified"] : [.. Ok(await services.Downloads.FilesAsync(Robot, "digits", version.Version)).Select(f => f.Path)];
            }
            Assert.Equal(["MLmodel", "data/weights.bin"], await PathsAsync($"s3://{bucket}/runs/7/model"));
            Assert.Equal(["MLmodel", "data/weights.bin"], await PathsAsync($"s3://{bucket}/runs/7/model/"));
            Assert.Equal(["alone.bin"], await PathsAsync($"s3://{bucket}/runs/7/alone.bin"));
            foreach (var source in (string[])[$"s3://{bucket}/private/model", $"s3://{bucket}/registry", $"s3://{bucket}/runs/8", $"s3://{bucket}", "s3://another/runs/7/model", $"s3://{bucket}/run"])
                Assert.Equal(["unverified"], await PathsAsync(source));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
