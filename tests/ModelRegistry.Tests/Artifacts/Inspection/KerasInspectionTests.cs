using System.Text;
using ModelRegistry.Domain;
using Xunit;
using static ModelRegistry.Tests.Artifacts.Inspected;

namespace ModelRegistry.Tests.Artifacts;

/// <summary>What is found in Keras models: archives of Keras 3, and HDF5.</summary>
public sealed class KerasInspectionTests
{
    private static InspectionReport Look(string config) => File(Archives.Zip(("metadata.json", """{"keras_version": "3.3.3"}"""u8.ToArray()), ("config.json", Encoding.UTF8.GetBytes(config)), ("model.weights.h5", WrittenByOthers.Bytes("weights.h5"))), "model.keras");

    private static string Layer(string name, string module = "keras.layers", string? registered = null) =>
        $$"""{"module": "keras", "class_name": "Sequential", "config": {"layers": [{"module": "{{module}}", "class_name": "{{name}}", "config": {"x": [1, {"y": null}]}, "registered_name": {{(registered is null ? "null" : $"\"{registered}\"")}} }]}, "registered_name": "Sequential"}""";

    [Theory]
    [InlineData("Dense")]
    [InlineData("Conv2D")]
    [InlineData("MultiHeadAttention")]
    public void Layers_of_Keras_are_known_and_the_weights_are_not_looked_into(string layer)
    {
        var report = Look(Layer(layer));

        Found(report, ScanVerdict.Unknown, "hdf5_not_walked");
        Assert.Equal(("keras", "keras", "keras 3.3.3"), (report.Formats.Single(), report.Framework, report.Producer));
        Assert.Equal("model.keras/model.weights.h5", report.Findings[0].Path);
    }

    [Theory]
    [InlineData("Lambda", "keras.layers", null, "keras_lambda", ScanVerdict.Unsafe)]
    [InlineData("__lambda__", "builtins", null, "keras_lambda", ScanVerdict.Unsafe)]
    [InlineData("TFSMLayer", "keras.layers", null, "keras_lambda", ScanVerdict.Unsafe)]
    [InlineData("TorchModuleWrapper", "keras.layers", null, "keras_lambda", ScanVerdict.Unsafe)]
    [InlineData("MyLayer", "keras.layers", null, "keras_custom_object", ScanVerdict.Findings)]
    [InlineData("Dense", "os", null, "keras_custom_object", ScanVerdict.Findings)]
    [InlineData("Dense", "keras.src.utils", null, "keras_custom_object", ScanVerdict.Findings)]
    [InlineData("Dense", "keras.layers", "Custom>Dense", "keras_custom_object", ScanVerdict.Findings)]
    [InlineData("function", "builtins", "get_file", "keras_custom_object", ScanVerdict.Findings)]
    public void What_carries_or_needs_code_is_found(string layer, string module, string? registered, string code, ScanVerdict verdict) =>
        Found(Look(Layer(layer, module, registered)), verdict, $"{code}, hdf5_not_walked");

    [Fact]
    public void A_vocabulary_from_outside_is_unsafe() =>
        Found(Look("""{"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}"""), ScanVerdict.Unsafe, "keras_outside_file, hdf5_not_walked");

    [Fact]
    public void A_class_named_twice_is_found() => Found(Look("""{"class_name": "Dense", "class_name": "Lambda"}"""), ScanVerdict.Unsafe, "keras_custom_object, keras_lambda, hdf5_not_walked");

    [Theory]
    [InlineData("{")]
    [InlineData("not json")]
    [InlineData("""{"class_name": """)]
    public void A_description_that_is_none_is_unknown(string config)
    {
        var report = Look(config);
        Assert.Equal(ScanVerdict.Unknown, report.Verdict);
        Assert.Contains("keras_malformed", Codes(report), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain-earliest.h5", "keras_hdf5", "keras 2.11.0")]
    [InlineData("plain-latest.h5", "keras_hdf5", "keras 2.11.0")]
    [InlineData("code-earliest.h5", "keras_lambda, keras_custom_object, keras_hdf5", "keras 2.11.0")]
    [InlineData("code-latest.h5", "keras_lambda, keras_custom_object, keras_hdf5", "keras 2.11.0")]
    [InlineData("fixed.h5", "keras_lambda, keras_custom_object, keras_hdf5", "")]
    public void HDF5_of_either_form_is_unsafe_and_its_layers_are_read(string name, string codes, string producer)
    {
        var report = WrittenByOthers.Look(name);

        Found(report, ScanVerdict.Unsafe, codes);
        Assert.Equal(("keras", producer), (report.Formats.Single(), report.Producer));
    }

    [Fact]
    public void HDF5_without_layers_is_unknown()
    {
        var report = WrittenByOthers.Look("weights.h5");
        Found(report, ScanVerdict.Unknown, "hdf5_not_walked");
        Assert.Equal(("hdf5", 0), (report.Files.Single().Kind, report.Formats.Count));
    }

    [Theory]
    [InlineData(100, "hdf5_malformed")]
    [InlineData(20, "hdf5_malformed")]
    [InlineData(9, "hdf5_malformed")]
    public void HDF5_that_is_cut_is_unknown(int length, string code) => Found(File(WrittenByOthers.Bytes("plain-earliest.h5")[..length], "model.h5"), ScanVerdict.Unknown, code);

    [Fact]
    public void HDF5_of_another_version_is_unknown()
    {
        byte[] bytes = [.. WrittenByOthers.Bytes("plain-earliest.h5")];
        bytes[8] = 9;
        Found(File(bytes, "model.h5"), ScanVerdict.Unknown, "hdf5_version");
    }
}
