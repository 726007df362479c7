"""The model as ONNX graphs: written to a folder, and run from one by ONNX Runtime.

Exporting needs the packages ``onnx`` and ``onnxscript``; running needs ``onnxruntime``
alone.
"""
